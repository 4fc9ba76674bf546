// Finalizer_backlog has 20,000 dead connections of 4 KiB, all kept alive because
// the first finalizer blocks and there is one goroutine for all of them.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const connections = 20_000

type connection struct{ buffer [4096]byte }

var (
	closing = make(chan struct{}, connections)
	drained = make(chan struct{})
)

//go:noinline
func (c *connection) flushAndClose() {
	closing <- struct{}{}
	<-drained
}

//go:noinline
func dial() {
	dialled := new(connection)
	dialled.buffer[0] = 1
	runtime.SetFinalizer(dialled, (*connection).flushAndClose)
}

func main() {
	for i := 0; i < connections/2; i++ {
		dial()
	}
	runtime.GC()
	<-closing // the finalizer goroutine is stuck from here on
	for i := 0; i < connections/2; i++ {
		dial()
	}
	runtime.GC()
	runtime.GC()
	stage.Wait()
}
