// Command busy works for a moment and writes a CPU profile of it: with inlined calls,
// generic functions, closures and methods.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"sort"
	"strings"
	"syscall"
)

type number interface{ ~int | ~float64 }

type heap[T number] struct{ items []T }

func (h *heap[T]) push(item T) {
	h.items = append(h.items, item)
	sort.Slice(h.items, func(i, j int) bool { return h.items[i] < h.items[j] })
	if len(h.items) > 64 {
		h.items = h.items[:32]
	}
}

func sum[T number](items []T) (total T) {
	for _, item := range items {
		total += twice(item)
	}
	return total
}

func twice[T number](item T) T { return item + item }

func words(round int) int {
	fields := strings.Fields(strings.Repeat("a bc def ", 100))
	return len(strings.Join(fields, fmt.Sprint(round)))
}

func spin(n int) int {
	x := n
	for i := 0; i < 2000; i++ {
		x = step(x, i)
	}
	return x
}

func step(x, i int) int { return mix(x*31 + i) }

func mix(x int) int { return x ^ x>>7 }

var sink int

// spent returns the processor time of this process in microseconds.
func spent() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Sec*1_000_000 + int64(usage.Utime.Usec)
}

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		panic(err)
	}
	ints, floats := &heap[int]{}, &heap[float64]{}
	for round := 0; spent() < 600_000; round++ {
		ints.push(spin(round))
		floats.push(float64(round % 17))
		sink += words(round) + sum(ints.items) + int(sum(floats.items))
	}
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		panic(err)
	}
}
