package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"fathom/testbed/internal/stage"
)

const (
	serviceClients = 32
	serviceWorkers = 4
	serviceItems   = 9 // of one order
)

// Service is a shop under load, for traces as large as those of real services:
// HTTP, a task and regions for each order, workers that are fed through
// channels, a journal behind a mutex, collections, and the CPU profiler. An
// order makes some 148 events and takes a millisecond of one processor: -n
// 182000 -for 10m makes 27 million events, in 150 MB.
func service(out *os.File) {
	orders := int64(times(1 << 30))
	until := time.Now().Add(lasting(5 * time.Second))
	journal, err := os.Create(filepath.Join(os.TempDir(), "journal.txt"))
	stage.Must(err)
	defer journal.Close()
	shop := &shop{journal: journal, stock: map[int]int{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	stage.Must(err)
	stage.Must(pprof.StartCPUProfile(io.Discard))
	defer pprof.StopCPUProfile()
	defer record(out)()

	server := &http.Server{Handler: shop}
	go server.Serve(listener)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: serviceClients}}
	url := "http://" + listener.Addr().String() + "/order/"
	var taken atomic.Int64
	var group sync.WaitGroup
	for i := 0; i < serviceClients; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for time.Now().Before(until) {
				order := taken.Add(1)
				if order > orders {
					return
				}
				read(client.Get(url + strconv.FormatInt(order, 10)))
			}
		}()
	}
	group.Wait()
	stage.Must(server.Close())
}

type shop struct {
	stockLock   sync.Mutex
	stock       map[int]int
	journalLock sync.Mutex
	journal     io.Writer
}

// ServeHTTP takes an order apart, has workers pack its items, and notes it.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, task := trace.NewTask(r.Context(), "order")
	defer task.End()
	trace.Log(ctx, "path", r.URL.Path)

	items, packed := make(chan int), make(chan []byte)
	for worker := 0; worker < serviceWorkers; worker++ {
		go s.pack(ctx, items, packed)
	}
	parcel := 0
	trace.WithRegion(ctx, "pack order", func() {
		go func() {
			defer close(items)
			for item := 0; item < serviceItems; item++ {
				items <- item
			}
		}()
		for item := 0; item < serviceItems; item++ {
			parcel += len(<-packed)
		}
	})
	trace.WithRegion(ctx, "price order", func() { burn(700) })
	trace.WithRegion(ctx, "note order", func() {
		s.note(r.URL.Path)
		s.note(fmt.Sprintf(" %d", parcel))
		s.note("\n")
	})
	fmt.Fprintln(w, parcel)
}

// Pack is one worker.
func (s *shop) pack(ctx context.Context, items <-chan int, packed chan<- []byte) {
	defer trace.StartRegion(ctx, "pack").End()
	for item := range items {
		wrapped := make([]byte, 1024+64*item)
		s.take(item)
		packed <- wrapped
	}
}

func (s *shop) take(item int) {
	s.stockLock.Lock()
	defer s.stockLock.Unlock()
	s.stock[item]++
	burn(1)
}

func (s *shop) note(line string) {
	s.journalLock.Lock()
	defer s.journalLock.Unlock()
	_, err := io.WriteString(s.journal, line)
	stage.Must(err)
}
