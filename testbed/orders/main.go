// Orders is the incident of `fathom demo`: a service that `ps` shows at about
// 1.2 GB while its heap profile shows about 323 MB. The rest has four causes:
// free heap kept after a nightly export, goroutines that wait for replies that
// never come, an image codec's memory outside Go, and the collector's headroom.
package main

import (
	"runtime"
	"sync"
	"syscall"

	"fathom/testbed/internal/stage"
)

// Order is one entry of the cache that never evicts.
type Order struct {
	ID      uint64
	Payload []byte
}

// Cache maps order numbers to orders.
type Cache struct {
	orders map[uint64]*Order
}

var (
	cache    = Cache{orders: map[uint64]*Order{}}
	export   [][]byte
	codec    []byte
	inFlight sync.WaitGroup
)

//go:noinline
func parseOrder(id uint64) *Order {
	return &Order{ID: id, Payload: make([]byte, 3072)}
}

func (c *Cache) load(count uint64) {
	for id := uint64(0); id < count; id++ {
		order := parseOrder(id)
		stage.Touch(order.Payload)
		c.orders[id] = order
	}
}

//go:noinline
func renderExport(pages int) {
	for i := 0; i < pages; i++ {
		page := make([]byte, 2<<20)
		stage.Touch(page)
		export = append(export, page)
	}
}

// callSupplier waits for a reply that nobody sends.
//
//go:noinline
func callSupplier(reply <-chan []byte) int {
	inFlight.Done()
	return len(<-reply)
}

func requestQuotes(count int) {
	inFlight.Add(count)
	for i := 0; i < count; i++ {
		go callSupplier(make(chan []byte))
	}
	inFlight.Wait()
}

func openCodec(size int) {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	stage.Must(err)
	stage.Touch(memory)
	codec = memory
}

func main() {
	openCodec(150 << 20)
	cache.load(103_000)
	requestQuotes(20_000)
	renderExport(310)
	runtime.GC()
	export = nil
	runtime.GC()
	stage.Wait()
}
