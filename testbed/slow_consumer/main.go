// Slow_consumer has 20 producers that send to one channel, whose only receiver
// needs two milliseconds for a value. Beside them eight workers wait for work
// that seldom comes, which is no fault.
package main

import (
	"runtime"
	"sync/atomic"
	"time"

	"fathom/testbed/internal/stage"
)

const (
	producers = 20
	idlers    = 8
)

var stored atomic.Int64

//go:noinline
func produce(readings chan<- int) {
	for value := 0; ; value++ {
		readings <- value
	}
}

func store(readings <-chan int) {
	for range readings {
		time.Sleep(2 * time.Millisecond)
		stored.Add(1)
	}
}

func idle(work <-chan int) {
	for range work {
	}
}

func main() {
	runtime.SetMutexProfileFraction(5)
	runtime.SetBlockProfileRate(10_000)
	readings := make(chan int)
	for i := 0; i < producers; i++ {
		go produce(readings)
	}
	go store(readings)
	work := make(chan int)
	for i := 0; i < idlers; i++ {
		go idle(work)
	}
	go func() {
		for {
			time.Sleep(20 * time.Millisecond)
			work <- 1
		}
	}()
	for stored.Load() < 200 {
		time.Sleep(10 * time.Millisecond)
	}
	stage.Wait()
}
