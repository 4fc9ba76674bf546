// Timer_leak has armed 250,000 timers that fire in an hour, each with a closure
// that holds a request of 256 bytes.
package main

import (
	"runtime"
	"time"

	"fathom/testbed/internal/stage"
)

const armed = 250_000

type request struct{ body [256]byte }

var expired int

//go:noinline
func handle() {
	pending := new(request)
	pending.body[0] = 1
	time.AfterFunc(time.Hour, func() { expired += int(pending.body[0]) })
}

func main() {
	for i := 0; i < armed; i++ {
		handle()
	}
	runtime.GC()
	stage.Wait()
}
