// Span_tables once held 200,000 objects of 8 KiB, each in a span of its own.
// They are gone and their pages given back, but the runtime keeps the table of
// spans at its largest size.
package main

import (
	"runtime/debug"

	"fathom/testbed/internal/stage"
)

const (
	blockCount = 200_000
	blockSize  = 8 << 10
)

var blocks [][]byte

//go:noinline
func openBlocks() {
	blocks = make([][]byte, 0, blockCount)
	for i := 0; i < blockCount; i++ {
		blocks = append(blocks, make([]byte, blockSize))
	}
}

func main() {
	openBlocks()
	blocks = nil
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	stage.Wait()
}
