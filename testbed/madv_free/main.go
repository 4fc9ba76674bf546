// Madv_free has returned 200 MiB to the kernel with MADV_FREE, which leaves them
// in the resident size until memory runs short. The runtime reads the setting
// before main does, hence the program starts itself once more with it.
package main

import (
	"os"
	"runtime/debug"
	"syscall"

	"fathom/testbed/internal/stage"
)

const setting = "madvdontneed=0"

//go:noinline
func burst() byte {
	var sum byte
	blocks := make([][]byte, 50)
	for i := range blocks {
		blocks[i] = make([]byte, 4<<20)
		stage.Touch(blocks[i])
		sum += blocks[i][0]
	}
	return sum
}

func main() {
	if os.Getenv("GODEBUG") != setting {
		stage.Must(os.Setenv("GODEBUG", setting))
		self, err := os.Executable()
		stage.Must(err)
		stage.Must(syscall.Exec(self, os.Args, os.Environ()))
	}
	if burst() == 0 {
		os.Exit(1)
	}
	debug.FreeOSMemory()
	stage.Wait()
}
