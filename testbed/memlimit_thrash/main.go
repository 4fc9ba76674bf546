// Memlimit_thrash has a memory limit of 64 MiB, 128 MiB live, and goes on
// making garbage: it collects without end, until the runtime limits the
// collector.
package main

import (
	"errors"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"fathom/testbed/internal/stage"
)

// A tree of small nodes is what marking is slow at.
type node struct {
	left, right *node
	key         [6]uint64
}

const treeDepth = 20 // 2^21 nodes of 64 bytes less one: 128 MiB

var (
	index   *node
	scratch *node
)

//go:noinline
func buildIndex(depth int) *node {
	if depth == 0 {
		return new(node)
	}
	return &node{left: buildIndex(depth - 1), right: buildIndex(depth - 1)}
}

//go:noinline
func handleRequests() {
	for {
		scratch = new(node)
	}
}

// limited tells whether the runtime has had to limit the collector's share of
// the processor.
func limited() bool {
	sample := []metrics.Sample{{Name: "/gc/limiter/last-enabled:gc-cycle"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() != 0
}

func main() {
	debug.SetMemoryLimit(64 << 20)
	index = buildIndex(treeDepth)
	go handleRequests()
	go handleRequests()
	for waited := 0; !limited(); waited++ {
		if waited == 1200 {
			stage.Must(errors.New("the collector was not limited within a minute"))
		}
		time.Sleep(50 * time.Millisecond)
	}
	stage.Wait()
}
