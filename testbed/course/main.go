// Course has a memory whose course is known: -kind says which, -rate how fast
// a leak is, in bytes a second.
package main

import (
	"flag"
	"log"
	"math"
	"sync"
	"time"

	"fathom/testbed/internal/stage"
)

const mib = 1 << 20

var (
	mu     sync.Mutex
	leaked [][]byte
	cached = map[int][]byte{}
	seen   = map[int64][4]int64{}
	batch  [][]byte
	busy   [][]byte
	sink   []byte
	pool   = sync.Pool{New: func() any { return make([]byte, 256<<10) }}
)

//go:noinline
func leak(size int) {
	record := make([]byte, size)
	stage.Touch(record)
	leaked = append(leaked, record)
}

//go:noinline
func cache(key int) {
	entry := make([]byte, 16<<10)
	stage.Touch(entry)
	cached[key] = entry
}

//go:noinline
func remember(key int64) { seen[key] = [4]int64{key} }

//go:noinline
func collect() {
	part := make([]byte, 64<<10)
	stage.Touch(part)
	batch = append(batch, part)
}

//go:noinline
func wait() { select {} }

//go:noinline
func serve(load float64) {
	held := make([][]byte, int(400*load))
	for i := range held {
		held[i] = make([]byte, 64<<10)
		stage.Touch(held[i])
	}
	busy = held
}

//go:noinline
func borrow(count int) {
	var all [][]byte
	for i := 0; i < count; i++ {
		buffer := pool.Get().([]byte)
		stage.Touch(buffer)
		all = append(all, buffer)
	}
	for _, buffer := range all {
		pool.Put(buffer) //nolint:staticcheck // the slice header is small
	}
}

// step is called ten times a second.
func step(kind string, rate float64, tick int) {
	seconds := float64(tick) / 10
	for i := 0; i < 200; i++ {
		sink = make([]byte, 4096)
	}
	switch kind {
	case "flat":
	case "leak":
		// In records of 4 kB; slower leaks have one now and then.
		due := int(seconds * rate / 4096)
		for len(leaked) < due {
			leak(4096)
		}
	case "cache":
		// It fills within minutes, then replaces.
		for i := 0; i < 10; i++ {
			cache((tick*10 + i) % 4000)
		}
	case "map":
		for i := int64(0); i < 200; i++ {
			remember(int64(tick)*200 + i)
		}
	case "goroutines":
		if tick%5 == 0 {
			go wait()
		}
	case "saw":
		// A batch of 40 MiB in five minutes, then it is done.
		if tick%5 == 0 {
			collect()
		}
		if tick%3000 == 0 {
			batch = nil
		}
	case "pool":
		borrow(1 + int(60*math.Abs(math.Sin(seconds*1.7))))
	case "load":
		// A day in an hour.
		load := 1 + 0.5*math.Sin(2*math.Pi*seconds/3600)
		serve(load)
		for i := 0; i < int(200*load); i++ {
			sink = make([]byte, 4096)
		}
	case "step":
		// What a deploy does to the working set, without a restart.
		if tick == 12000 {
			for i := 0; i < 640; i++ {
				collect()
			}
		}
	default:
		log.Fatalf("no kind %q", kind)
	}
}

func main() {
	kind := flag.String("kind", "flat", "flat, leak, cache, map, goroutines, saw, pool, load or step")
	rate := flag.Float64("rate", 10e3, "of a leak, in bytes a second")
	flag.Parse()
	// What any service holds.
	for i := 0; i < 640; i++ {
		cache(-1 - i)
	}
	go func() {
		for tick := 0; ; tick++ {
			mu.Lock()
			step(*kind, *rate, tick)
			mu.Unlock()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	stage.Wait()
}
