// Idle_retained held 400 MiB for a moment. They are garbage now and collected,
// but the runtime keeps the pages: the scavenger leaves what was densely used in
// this cycle alone until the next collection. /testbed/free gives them back.
package main

import (
	"runtime"

	"fathom/testbed/internal/stage"
)

var report [][]byte

//go:noinline
func renderReport() {
	for i := 0; i < 100; i++ {
		page := make([]byte, 4<<20)
		stage.Touch(page)
		report = append(report, page)
	}
}

func main() {
	renderReport()
	runtime.GC()
	report = nil
	runtime.GC()
	stage.Wait()
}
