package main

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// Channels makes goroutines wait for each other in every way that the runtime
// tells apart: sending, receiving, selecting, for a mutex, a condition, a group,
// and asleep.
func channels(out *os.File) {
	rounds := times(20)
	before := make(chan struct{})
	ended := make(chan struct{})
	go waitsFromBefore(before, ended) // waits already when the trace begins
	for i := 0; i < 10; i++ {
		runtime.Gosched()
	}
	defer record(out)()

	for round := 0; round < rounds; round++ {
		pingPong(10)
		pipeline(8)
		selects(4)
		locks(4)
		condition(3)
	}
	close(before)
	<-ended
}

func waitsFromBefore(before, ended chan struct{}) {
	<-before
	close(ended)
}

func pingPong(volleys int) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for volley := range ping {
			pong <- volley
		}
		close(pong)
	}()
	for volley := 0; volley < volleys; volley++ {
		ping <- volley
		<-pong
	}
	close(ping)
	<-pong
}

// Pipeline has a fast source, a slow sink, and little room between them.
func pipeline(items int) {
	numbers, squares := make(chan int, 2), make(chan int, 2)
	go func() {
		defer close(numbers)
		for item := 0; item < items; item++ {
			numbers <- item
		}
	}()
	go func() {
		defer close(squares)
		for number := range numbers {
			squares <- number * number
		}
	}()
	for range squares {
		runtime.Gosched()
	}
}

func selects(rounds int) {
	words, quit := make(chan string), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-words:
			case <-time.After(100 * time.Millisecond):
			case <-quit:
				return
			}
		}
	}()
	for round := 0; round < rounds; round++ {
		select {
		case words <- "word":
		case <-time.After(100 * time.Millisecond):
		}
		time.Sleep(50 * time.Microsecond)
	}
	close(quit)
	<-done
}

func locks(writers int) {
	var mutex sync.Mutex
	var shared sync.RWMutex
	var group sync.WaitGroup
	for writer := 0; writer < writers; writer++ {
		group.Add(1)
		go func() {
			defer group.Done()
			mutex.Lock()
			runtime.Gosched() // the next one finds it locked
			mutex.Unlock()
			shared.RLock()
			runtime.Gosched()
			shared.RUnlock()
			shared.Lock()
			runtime.Gosched()
			shared.Unlock()
		}()
	}
	group.Wait()
}

func condition(waiters int) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	changed := sync.NewCond(&mutex)
	open := false
	for waiter := 0; waiter < waiters; waiter++ {
		group.Add(1)
		go func() {
			defer group.Done()
			mutex.Lock()
			for !open {
				changed.Wait()
			}
			mutex.Unlock()
		}()
	}
	runtime.Gosched()
	mutex.Lock()
	open = true
	mutex.Unlock()
	changed.Broadcast()
	group.Wait()
}
