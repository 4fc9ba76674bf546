package main

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// Gomaxprocs changes the number of processors under working goroutines, each
// change with the world stopped, and back at the end.
func gomaxprocs(out *os.File) {
	usual := runtime.GOMAXPROCS(0)
	rounds := times(4)
	defer record(out)()

	stop := make(chan struct{})
	var group sync.WaitGroup
	for i := 0; i < 6; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				select {
				case <-stop:
					return
				default:
					burn(500)
					runtime.Gosched()
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	for round := 0; round < rounds; round++ {
		for _, processors := range []int{1, 4, 2, 8} {
			runtime.GOMAXPROCS(processors)
			time.Sleep(5 * time.Millisecond)
		}
	}
	close(stop)
	group.Wait()
	runtime.GOMAXPROCS(usual)
}

// Burn computes for about as many microseconds.
//
//go:noinline
func burn(microseconds int) int {
	sum := 1
	for i := 0; i < microseconds*500; i++ {
		sum = sum*31 + i
	}
	return sum
}
