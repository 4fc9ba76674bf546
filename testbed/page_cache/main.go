// Page_cache has written and read a file of 150 MiB without mapping it: the
// cgroup is charged for the cache, and the process has none of it. The file lies
// in the directory for temporary files, which must not be a tmpfs.
package main

import (
	"io"
	"os"

	"fathom/testbed/internal/stage"
)

const size = 150 << 20

func main() {
	file, err := os.CreateTemp("", "testbed-log-*.dat")
	stage.Must(err)
	block := make([]byte, 64<<10)
	for written := 0; written < size; written += len(block) {
		_, err := file.Write(block)
		stage.Must(err)
	}
	stage.Must(file.Sync())
	_, err = file.Seek(0, io.SeekStart)
	stage.Must(err)
	for {
		if _, err := file.Read(block); err == io.EOF {
			break
		} else {
			stage.Must(err)
		}
	}
	stage.Wait()
}
