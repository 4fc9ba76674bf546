// Stale_profile holds 300 MiB of 4 KiB blocks, of which the last 100 MiB came
// after the last collection: MemStats counts them, the heap profile does not.
//
// The heap after the collection is 200 MiB, so the next one starts no earlier
// than at 340 MiB (the trigger is never below 0.7 of the way to the goal).
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const blockSize = 4096

var blocks = make([][]byte, 0, 300<<20/blockSize)

//go:noinline
func loadBeforeCollection(count int) {
	for i := 0; i < count; i++ {
		block := make([]byte, blockSize)
		block[0] = 1
		blocks = append(blocks, block)
	}
}

//go:noinline
func loadAfterCollection(count int) {
	for i := 0; i < count; i++ {
		block := make([]byte, blockSize)
		block[0] = 1
		blocks = append(blocks, block)
	}
}

func main() {
	loadBeforeCollection(200 << 20 / blockSize)
	runtime.GC()
	loadAfterCollection(100 << 20 / blockSize)
	stage.Wait()
}
