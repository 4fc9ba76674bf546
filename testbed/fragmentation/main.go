// Fragmentation made two million objects of 64 bytes and kept one in 128, which
// is one in every span of 8 KiB: 128 MiB of spans in use for 1 MiB of objects.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const (
	objects      = 2 << 20
	perSpan      = 8192 / 64
	survivorsAll = objects / perSpan
)

type session [64]byte

var survivors = make([]*session, 0, survivorsAll)

//go:noinline
func openSession() *session {
	opened := new(session)
	opened[0] = 1
	return opened
}

func main() {
	all := make([]*session, objects)
	for i := range all {
		all[i] = openSession()
	}
	for i := 0; i < objects; i += perSpan {
		survivors = append(survivors, all[i])
	}
	all = nil
	runtime.GC()
	runtime.GC()
	stage.Wait()
	runtime.KeepAlive(survivors)
}
