// Map_no_shrink has filled a map with 500,000 entries of 128 bytes and deleted
// all but a thousand; the map keeps its tables.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const (
	peak = 500_000
	left = 1_000
)

var sessions = map[uint64][128]byte{}

//go:noinline
func logIn(user uint64) { sessions[user] = [128]byte{1} }

func main() {
	for user := uint64(0); user < peak; user++ {
		logIn(user)
	}
	for user := uint64(left); user < peak; user++ {
		delete(sessions, user)
	}
	runtime.GC()
	stage.Wait()
	runtime.KeepAlive(sessions)
}
