// Many_threads has 300 goroutines in blocking reads, each of which holds a
// thread of the operating system.
package main

import (
	"os"
	"sync"
	"syscall"
	"time"

	"fathom/testbed/internal/stage"
)

const readers = 300

//go:noinline
func readDevice(started *sync.WaitGroup, fd int) {
	started.Done()
	answer := make([]byte, 1)
	// Package syscall does not know the poller: the thread blocks.
	_, err := syscall.Read(fd, answer)
	stage.Must(err)
}

func threadCount() int {
	entries, err := os.ReadDir("/proc/self/task")
	stage.Must(err)
	return len(entries)
}

func main() {
	var pipe [2]int
	stage.Must(syscall.Pipe(pipe[:]))
	var started sync.WaitGroup
	started.Add(readers)
	for i := 0; i < readers; i++ {
		go readDevice(&started, pipe[0])
	}
	started.Wait()
	for threadCount() < readers {
		time.Sleep(10 * time.Millisecond)
	}
	stage.Wait()
}
