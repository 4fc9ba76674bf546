// Gogc_headroom is a healthy service: 100 MiB live, and garbage that has come
// and gone for several collections. Its resident size is about twice its live
// heap, as GOGC=100 allows.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

const (
	blockSize = 8192
	liveBytes = 100 << 20
)

var (
	table   = make([][]byte, 0, liveBytes/blockSize)
	scratch []byte
)

//go:noinline
func loadTable() {
	for len(table) < cap(table) {
		block := make([]byte, blockSize)
		stage.Touch(block)
		table = append(table, block)
	}
}

//go:noinline
func handleRequests(garbageBytes int) {
	for made := 0; made < garbageBytes; made += blockSize {
		scratch = make([]byte, blockSize)
		stage.Touch(scratch)
	}
}

func main() {
	loadTable()
	handleRequests(800 << 20)
	// From here on it is known how much garbage there is: the next collection
	// starts no earlier than at 170 MiB.
	runtime.GC()
	handleRequests(50 << 20)
	stage.Wait()
}
