// Many_stacks allocates along ten thousand call paths, of which about a tenth
// is walked in each step: a service whose heap profile is large and changes
// little from one scrape to the next. /testbed/step walks one step's paths; what
// a step walks depends only on its number.
package main

import (
	"fmt"
	"net/http"
	"runtime"

	"fathom/testbed/internal/stage"
)

const (
	paths = 10_000
	// Of so many paths one keeps what it allocated last.
	keepers = 24
	depth   = 12
)

var (
	sizes = []int{16, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096}
	// What each path keeps, newest last.
	kept  [paths][][]byte
	steps uint64
)

func init() { runtime.MemProfileRate = 512 }

// mix spreads the bits of a number.
func mix(x uint64) uint64 {
	x ^= x >> 31
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

// leaf allocates for a path.
//
//go:noinline
func leaf(path int, count uint64) {
	size := sizes[path%len(sizes)]
	for i := uint64(0); i < count; i++ {
		block := make([]byte, size)
		if path%keepers == 0 {
			kept[path] = append(kept[path], block)
			if len(kept[path]) > 3+path%40 {
				kept[path] = kept[path][1:]
			}
		}
		runtime.KeepAlive(block)
	}
}

// call goes on to the function that the path's next bits name. Each of its
// lines is a call site of its own.
func call(bits uint64, left int, path int, count uint64) {
	if left == 0 {
		leaf(path, count)
		return
	}
	switch bits & 7 {
	case 0:
		decode(bits, left, path, count)
	case 1:
		route(bits, left, path, count)
	case 2:
		query(bits, left, path, count)
	case 3:
		render(bits, left, path, count)
	case 4:
		compress(bits, left, path, count)
	case 5:
		cache(bits, left, path, count)
	case 6:
		encode(bits, left, path, count)
	default:
		notify(bits, left, path, count)
	}
}

//go:noinline
func decode(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func route(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func query(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func render(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func compress(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func cache(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func encode(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

//go:noinline
func notify(bits uint64, left, path int, count uint64) { call(next(bits), left-1, path, count) }

func next(bits uint64) uint64 { return bits>>3 | bits<<61 }

// step walks the paths of one step: in the first one all, so that each was
// sampled; then some always, the others now and then.
func step(number uint64) {
	for path := 0; path < paths; path++ {
		chance := mix(uint64(path)*7919 + number)
		count := 1 + chance>>20%uint64(8)
		isHot := path%33 == 0
		if number == 0 {
			count = 1 + 4096/uint64(sizes[path%len(sizes)])
		} else if !isHot && chance%1000 >= 75 {
			continue
		}
		call(mix(uint64(path)), depth, path, count)
	}
}

// work walks step after step, as it is told to. All stacks begin here.
func work(orders <-chan uint64, done chan<- struct{}) {
	for number := range orders {
		step(number)
		done <- struct{}{}
	}
}

func main() {
	orders, done := make(chan uint64), make(chan struct{})
	go work(orders, done)
	orders <- steps
	<-done
	runtime.GC()
	http.HandleFunc("/testbed/step", func(w http.ResponseWriter, _ *http.Request) {
		steps++
		orders <- steps
		<-done
		fmt.Fprintln(w, "step", steps)
	})
	stage.Wait()
}
