package main

import (
	"context"
	"io"
	"os"
	"runtime/pprof"
	"sync"
	"time"

	"fathom/testbed/internal/stage"
)

// CPUProfile has the CPU profiler on, whose samples go into the trace too.
func cpuProfile(out *os.File) {
	until := time.Now().Add(lasting(400 * time.Millisecond))
	stage.Must(pprof.StartCPUProfile(io.Discard))
	defer pprof.StopCPUProfile()
	defer record(out)()

	var group sync.WaitGroup
	for _, name := range []string{"even", "odd"} {
		group.Add(1)
		go func(name string) {
			defer group.Done()
			pprof.Do(context.Background(), pprof.Labels("worker", name), func(context.Context) {
				for time.Now().Before(until) {
					burn(1000)
					time.Sleep(time.Millisecond)
				}
			})
		}(name)
	}
	group.Wait()
}
