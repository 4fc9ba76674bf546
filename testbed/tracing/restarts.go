package main

import (
	"io"
	"os"
	"runtime/trace"
	"sync"
	"time"

	"fathom/testbed/internal/stage"
)

// Restarts begins and ends many traces under goroutines that go on. The last
// one is kept: what happened before it must not show.
func restarts(out *os.File) {
	stop := make(chan struct{})
	var group sync.WaitGroup
	for _, work := range []func(){
		func() { pingPong(3); time.Sleep(100 * time.Microsecond) },
		func() { time.Sleep(100 * time.Microsecond) },
		func() { burn(200) },
		func() { _, _ = os.ReadFile("/proc/self/stat"); time.Sleep(100 * time.Microsecond) },
	} {
		group.Add(1)
		go func(work func()) {
			defer group.Done()
			for {
				select {
				case <-stop:
					return
				default:
					work()
				}
			}
		}(work)
	}
	for i := 0; i < times(10); i++ {
		stage.Must(trace.Start(io.Discard))
		time.Sleep(2 * time.Millisecond)
		trace.Stop()
		time.Sleep(time.Millisecond)
	}
	stage.Must(trace.Start(out))
	time.Sleep(20 * time.Millisecond)
	trace.Stop()
	close(stop)
	group.Wait()
}
