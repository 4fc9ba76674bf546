// Mmap_anon maps 150 MiB of anonymous memory without cgo, as off-heap caches
// do, and writes all of it.
package main

import (
	"syscall"

	"fathom/testbed/internal/stage"
)

var cache []byte

func main() {
	var err error
	cache, err = syscall.Mmap(-1, 0, 150<<20,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	stage.Must(err)
	stage.Touch(cache)
	stage.Wait()
}
