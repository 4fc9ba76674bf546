// Mmap_file maps a file of 200 MiB and reads all of it: page cache that counts
// in the resident size and that the kernel can drop at any time. The file lies
// in the directory for temporary files, which must not be a tmpfs.
package main

import (
	"os"
	"syscall"

	"fathom/testbed/internal/stage"
)

const size = 200 << 20

var (
	index    []byte
	checksum byte
)

func main() {
	file, err := os.CreateTemp("", "testbed-index-*.dat")
	stage.Must(err)
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i)
	}
	for written := 0; written < size; written += len(block) {
		_, err := file.Write(block)
		stage.Must(err)
	}
	stage.Must(file.Sync())
	index, err = syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	stage.Must(err)
	for i := 0; i < size; i += 4096 {
		checksum += index[i]
	}
	stage.Wait()
}
