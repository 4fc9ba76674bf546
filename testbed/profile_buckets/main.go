// Profile_buckets samples every allocation and allocates from 40,000 distinct
// stacks: what the profiler keeps of each stack, for ever, outgrows the heap.
package main

import (
	"math/rand"
	"runtime"

	"fathom/testbed/internal/stage"
)

const (
	stacks = 40_000
	depth  = 60
)

func init() { runtime.MemProfileRate = 1 }

var leaf *[16]byte

// left and right call one another by the bits of the path: 2^60 stacks to
// choose from.
//
//go:noinline
func left(level int, path uint64) {
	descend(level, path)
	leaf = nil
}

//go:noinline
func right(level int, path uint64) {
	descend(level, path)
	leaf = nil
}

func descend(level int, path uint64) {
	switch {
	case level == 0:
		leaf = new([16]byte)
	case path&1 == 0:
		left(level-1, path>>1)
	default:
		right(level-1, path>>1)
	}
}

func main() {
	paths := rand.New(rand.NewSource(1))
	for i := 0; i < stacks; i++ {
		left(depth, paths.Uint64())
	}
	runtime.GC()
	stage.Wait()
}
