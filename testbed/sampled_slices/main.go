// Sampled_slices holds a thousand slices of 240 KiB, 234.4 MiB. The default
// sampling rate catches 37 % of them and estimates about 230 MiB; with -rate=1
// the profile is exact.
package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"fathom/testbed/internal/stage"
)

const (
	sliceCount = 1000
	sliceSize  = 240 << 10
)

var slices = make([][]byte, 0, sliceCount)

// The rate must stand before anything else is allocated, hence no flag package.
func init() {
	for _, argument := range os.Args[1:] {
		if value, found := strings.CutPrefix(argument, "-rate="); found {
			rate, err := strconv.Atoi(value)
			stage.Must(err)
			runtime.MemProfileRate = rate
		}
	}
}

//go:noinline
func readChunks() {
	for i := 0; i < sliceCount; i++ {
		slice := make([]byte, sliceSize)
		stage.Touch(slice)
		slices = append(slices, slice)
	}
}

func main() {
	readChunks()
	runtime.GC()
	stage.Wait()
}
