package main

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// Stuck leaves goroutines that wait for ever, some since before the trace, and
// at its end some that have not run yet.
func stuck(out *os.File) {
	block()
	defer record(out)()

	block()
	time.Sleep(lasting(20 * time.Millisecond))
	runtime.GOMAXPROCS(1)
	for i := 0; i < times(5); i++ {
		go func() { select {} }()
	}
}

// Block returns when every goroutine that it made waits.
func block() {
	var held sync.Mutex
	var group sync.WaitGroup
	held.Lock()
	group.Add(1)
	empty, full := make(chan int), make(chan int, 1)
	full <- 0
	var none chan int
	for _, wait := range []func(){
		func() { <-empty },
		func() { full <- 1 },
		func() { <-none },
		func() {
			select {
			case <-empty:
			case full <- 2:
			}
		},
		func() { select {} },
		func() { held.Lock() },
		group.Wait,
		func() { time.Sleep(time.Hour) },
	} {
		go wait()
	}
	time.Sleep(5 * time.Millisecond)
	runtime.KeepAlive(&held)
}
