// Profile_buckets samples every allocation and allocates from 45,000 distinct
// stacks: what the profiler keeps of each stack, for ever, outgrows the heap.
// Its heap profile as text is tens of MB and takes seconds; the protobuf does
// not.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const (
	stacks = 45_000
	// Four functions call one another, so there are 4^8 = 65,536 paths.
	depth = 8
)

func init() { runtime.MemProfileRate = 1 }

var leaf *[16]byte

//go:noinline
func north(level int, path uint) {
	descend(level, path)
	leaf = nil
}

//go:noinline
func east(level int, path uint) {
	descend(level, path)
	leaf = nil
}

//go:noinline
func south(level int, path uint) {
	descend(level, path)
	leaf = nil
}

//go:noinline
func west(level int, path uint) {
	descend(level, path)
	leaf = nil
}

// descend takes two bits of the path for each call.
func descend(level int, path uint) {
	if level == 0 {
		leaf = new([16]byte)
		return
	}
	switch path % 4 {
	case 0:
		north(level-1, path/4)
	case 1:
		east(level-1, path/4)
	case 2:
		south(level-1, path/4)
	default:
		west(level-1, path/4)
	}
}

func main() {
	for path := uint(0); path < stacks; path++ {
		descend(depth, path)
	}
	runtime.GC()
	stage.Wait()
}
