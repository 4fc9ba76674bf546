// Ballast holds a slice of 1 GiB that nothing ever wrote: MemStats and the heap
// profile count it, and no page of it is resident.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

var ballast []byte

//go:noinline
func reserveBallast() []byte { return make([]byte, 1<<30) }

func main() {
	ballast = reserveBallast()
	runtime.GC()
	stage.Wait()
}
