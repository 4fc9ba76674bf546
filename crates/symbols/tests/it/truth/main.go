// Command truth prints what the runtime itself knows of every part of its code: one block for
// each run of addresses with the same frames, the innermost first, and its end where nothing
// follows at once. The first line is the address
// of main.main.
//
// Built by the tests with -ldflags=-checklinkname=0.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	_ "runtime/pprof"
	"slices"
	"sort"
	"strings"
	_ "unsafe"
)

//go:linkname expandFinalInlineFrame runtime/pprof.runtime_expandFinalInlineFrame
func expandFinalInlineFrame(stack []uintptr) []uintptr

type pair[K comparable, V any] struct {
	key   K
	value V
}

func collect[K comparable, V any](from map[K]V, less func(a, b K) int) []pair[K, V] {
	var pairs []pair[K, V]
	for key, value := range from {
		pairs = append(pairs, pair[K, V]{key, value})
	}
	slices.SortFunc(pairs, func(a, b pair[K, V]) int { return less(a.key, b.key) })
	return pairs
}

type shape interface{ area() int }

type square struct{ side int }

func (s square) area() int { return twice(s.side) * s.side / 2 }

func twice(n int) int { return add(n, n) }

func add(a, b int) int { return a + b }

type named struct{ shape }

func exercise() int {
	pairs := collect(map[string]int{"b": 1, "a": 2}, strings.Compare)
	numbers := collect(map[int]string{2: "x"}, func(a, b int) int { return a - b })
	bytes, err := json.Marshal(map[string]any{"pairs": len(pairs), "numbers": numbers})
	if err != nil {
		panic(err)
	}
	var s shape = named{square{len(bytes)}}
	areas := []func() int{s.area, square{2}.area}
	sort.Slice(areas, func(i, j int) bool { return areas[i]() < areas[j]() })
	defer func() { _ = recover() }()
	return areas[0]()
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	entry := reflect.ValueOf(main).Pointer()
	fmt.Fprintf(out, "main %#x %d\n", entry, exercise())

	first, last := entry, entry
	for known(first - 1) {
		first = runtime.FuncForPC(first - 1).Entry()
	}
	for known(last + 1) {
		last += 1
	}
	before := ""
	for pc := first; pc < last; pc++ {
		// CallersFrames takes an address that is a function's entry for a call to it, never for
		// the return address of the function before.
		if next := runtime.FuncForPC(pc + 1); next != nil && next.Entry() == pc+1 {
			fmt.Fprintf(out, "end %#x\n", pc)
			before = ""
			continue
		}
		if block := describe(pc); block != before {
			fmt.Fprintf(out, "pc %#x\n%s", pc, block)
			before = block
		}
	}
	fmt.Fprintf(out, "end %#x\n", last)
}

func known(pc uintptr) bool { return runtime.FuncForPC(pc) != nil }

func describe(pc uintptr) string {
	var text strings.Builder
	frames := runtime.CallersFrames(expandFinalInlineFrame([]uintptr{pc + 1}))
	for {
		frame, more := frames.Next()
		fmt.Fprintf(&text, "\t%s\t%s\t%d\n", frame.Function, frame.File, frame.Line)
		if !more {
			return text.String()
		}
	}
}
