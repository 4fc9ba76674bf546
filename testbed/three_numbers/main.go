// Three_numbers makes ten slices of 100 MB and lets every tool tell another
// number: MemStats 1000 MB (all ten, although one is garbage by now), the
// profile 700 MB (what the last collection saw), ps about 400 MB (what was ever
// written). Reachable are nine.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const sliceSize = 100_000_000

var slices [][]byte

//go:noinline
func reserve(count, touched int) {
	for i := 0; i < count; i++ {
		slice := make([]byte, sliceSize)
		if i < touched {
			stage.Touch(slice)
		}
		slices = append(slices, slice)
	}
}

func main() {
	reserve(7, 3)
	runtime.GC()
	reserve(3, 1)
	slices[0] = nil // collected only by the next collection
	stage.Wait()
}
