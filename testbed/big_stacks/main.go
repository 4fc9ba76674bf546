// Big_stacks has 16 goroutines parked at the bottom of a deep recursion, each
// with a stack of 8 MiB; the heap profile knows nothing of them.
package main

import (
	"runtime"
	"sync"

	"fathom/testbed/internal/stage"
)

const (
	walkers = 16
	// Each call takes a frame of a little over 1 KiB, so 6,000 calls need more
	// than 4 MiB and less than 8; stacks grow by doubling.
	depth = 6_000
)

//go:noinline
func walk(level int, bottom *sync.WaitGroup, resume chan struct{}) int {
	var visited [1024]byte
	visited[level%len(visited)] = byte(level)
	if level == 0 {
		bottom.Done()
		<-resume
		return int(visited[0])
	}
	below := walk(level-1, bottom, resume)
	return below + int(visited[level%len(visited)])
}

func main() {
	var bottom sync.WaitGroup
	bottom.Add(walkers)
	resume := make(chan struct{})
	for i := 0; i < walkers; i++ {
		go walk(depth, &bottom, resume)
	}
	bottom.Wait()
	runtime.GC()
	stage.Wait()
}
