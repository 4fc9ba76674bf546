// Goroutine_leak has 20,000 goroutines that wait for an answer nobody sends.
package main

import (
	"runtime"
	"sync"

	"fathom/testbed/internal/stage"
)

const leaked = 20_000

//go:noinline
func awaitReply(started *sync.WaitGroup, reply chan struct{}) {
	started.Done()
	<-reply
}

//go:noinline
func query(started *sync.WaitGroup) {
	reply := make(chan struct{})
	go awaitReply(started, reply)
}

func main() {
	var started sync.WaitGroup
	started.Add(leaked)
	for i := 0; i < leaked; i++ {
		query(&started)
	}
	started.Wait()
	runtime.GC()
	stage.Wait()
}
