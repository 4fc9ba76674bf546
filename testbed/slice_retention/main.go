// Slice_retention keeps a 16-byte key of each of 150 records of 1 MiB, as a
// sub-slice, and with each key the whole record.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

var keys [][]byte

//go:noinline
func readRecord() []byte {
	record := make([]byte, 1<<20)
	stage.Touch(record)
	return record
}

func main() {
	for i := 0; i < 150; i++ {
		keys = append(keys, readRecord()[:16])
	}
	runtime.GC()
	stage.Wait()
	runtime.KeepAlive(keys)
}
