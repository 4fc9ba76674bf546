package main

import (
	"os"
	"runtime"
	"sync"
)

// Threads passes a token around goroutines that have a thread of their own.
// Every second one ends without giving its thread back, which ends the thread.
func threads(out *os.File) {
	const laps = 4
	ring := times(64)
	defer record(out)()

	links := make([]chan int, ring+1)
	for i := range links {
		links[i] = make(chan int)
	}
	var locked, group sync.WaitGroup
	for i := 0; i < ring; i++ {
		locked.Add(1)
		group.Add(1)
		go func(i int) {
			defer group.Done()
			runtime.LockOSThread()
			locked.Done()
			for lap := 0; lap < laps; lap++ {
				links[i+1] <- <-links[i] + 1
			}
			if i%2 == 0 {
				runtime.UnlockOSThread()
			}
		}(i)
	}
	locked.Wait()
	for lap := 0; lap < laps; lap++ {
		links[0] <- 0
		<-links[ring]
	}
	group.Wait()
}
