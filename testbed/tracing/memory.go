package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

type node struct {
	left, right *node
	payload     [6]uint64
}

// Tree returns a tree of 2^depth-1 nodes, work for the collector.
func tree(depth int) *node {
	if depth == 0 {
		return nil
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

// Collections allocates faster than the collector marks, so that goroutines
// must assist it, and stops the world. It forces no collection: who does asks
// for the processor over and over until all is swept.
func collections(out *os.File) {
	rounds := times(6)
	kept := tree(17)
	debug.SetGCPercent(10)
	defer record(out)()

	var group sync.WaitGroup
	for i := 0; i < 4; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := 0; round < rounds; round++ {
				runtime.KeepAlive(tree(13))
			}
		}()
	}
	group.Wait()
	runtime.ReadMemStats(new(runtime.MemStats))
	runtime.KeepAlive(kept)
}

// AllocFree is traced with GODEBUG=traceallocfree=1, which writes an event for
// each object, span and stack that comes or goes. Before Go 1.23 that is
// nothing.
func allocFree(out *os.File) {
	rounds := times(2)
	defer record(out)()

	for round := 0; round < rounds; round++ {
		kept := tree(7)
		done := make(chan struct{})
		go func() {
			defer close(done)
			deep(50)
		}()
		<-done
		runtime.GC()
		runtime.KeepAlive(kept)
	}
	time.Sleep(time.Millisecond)
}

// Deep makes the stack of its goroutine grow.
//
//go:noinline
func deep(calls int) int {
	var frame [64]int
	if calls == 0 {
		return frame[0]
	}
	frame[calls%len(frame)] = deep(calls - 1)
	return frame[calls%len(frame)]
}
