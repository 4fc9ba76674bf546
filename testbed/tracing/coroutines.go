//go:build go1.23

package main

import (
	"iter"
	"os"
	"runtime"
)

func init() {
	scenarios["coroutines"] = coroutines
}

// Coroutines switches directly from goroutine to goroutine, as iter.Pull does:
// to the end, given up early, handed to another goroutine, and never begun.
func coroutines(out *os.File) {
	rounds := times(20)
	defer record(out)()

	for round := 0; round < rounds; round++ {
		pullAll(10)

		next, stop := iter.Pull(numbers(10))
		next()
		next()
		stop()

		next, stop = iter.Pull(numbers(6))
		next()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, ok := next(); ok; _, ok = next() {
				runtime.Gosched()
			}
		}()
		<-done
		stop()

		_, stop = iter.Pull(numbers(1))
		stop()
	}
}

func pullAll(end int) {
	next, stop := iter.Pull(numbers(end))
	defer stop()
	for _, ok := next(); ok; _, ok = next() {
	}
}

func numbers(end int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for number := 0; number < end; number++ {
			if !yield(number) {
				return
			}
		}
	}
}
