package main

import (
	"os"
	"runtime"
	"sync"
)

// Goroutines has very many of them: half wait until all have been made, half
// end at once, and every tenth makes one of its own.
func goroutines(out *os.File) {
	all := times(100_000)
	defer record(out)()

	gate := make(chan struct{})
	var group sync.WaitGroup
	for i := 0; i < all; i++ {
		group.Add(1)
		switch {
		case i%10 == 0:
			group.Add(1)
			go parent(&group)
		case i%2 == 0:
			go passer(&group)
		default:
			go waiter(&group, gate)
		}
		if i%100 == 0 {
			runtime.Gosched()
		}
	}
	close(gate)
	group.Wait()
}

func parent(group *sync.WaitGroup) {
	defer group.Done()
	go passer(group)
}

func passer(group *sync.WaitGroup) {
	group.Done()
}

func waiter(group *sync.WaitGroup, gate chan struct{}) {
	defer group.Done()
	<-gate
}
