// Shmem holds 128 MiB of shared memory in a memfd, mapped and written. It cannot
// be dropped without swap.
package main

import (
	"runtime"
	"syscall"
	"unsafe"

	"fathom/testbed/internal/stage"
)

const size = 128 << 20

var segment []byte

// memfdCreate is missing from package syscall; its number depends on the
// architecture.
func memfdCreate(name string) (int, error) {
	number := map[string]uintptr{"amd64": 319, "arm64": 279}[runtime.GOARCH]
	if number == 0 {
		return -1, syscall.ENOSYS
	}
	text, err := syscall.BytePtrFromString(name)
	if err != nil {
		return -1, err
	}
	fd, _, errno := syscall.Syscall(number, uintptr(unsafe.Pointer(text)), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func main() {
	fd, err := memfdCreate("testbed-segment")
	stage.Must(err)
	stage.Must(syscall.Ftruncate(fd, size))
	segment, err = syscall.Mmap(fd, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	stage.Must(err)
	stage.Touch(segment)
	stage.Wait()
}
