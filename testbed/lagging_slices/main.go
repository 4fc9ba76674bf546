// Lagging_slices holds ten slices of 20 MiB. The profile shows seven of them,
// 140 MiB of 200: the last three came after the last collection, and too few to
// start another one.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const sliceSize = 20 << 20

var slices [][]byte

//go:noinline
func buildIndex(count int) {
	for i := 0; i < count; i++ {
		slice := make([]byte, sliceSize)
		stage.Touch(slice)
		slices = append(slices, slice)
	}
}

func main() {
	buildIndex(7)
	runtime.GC()
	buildIndex(3)
	stage.Wait()
}
