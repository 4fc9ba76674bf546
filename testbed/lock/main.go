// Lock serves requests that all write one line to one journal. The journal's
// sink is slow, and its lock is held meanwhile: of 40 clients 39 wait for it at
// a time.
//
// With -profile the runtime records every fifth release of a contended lock and
// waits from 10 microseconds on; without, it records none, which is Go's default.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"fathom/testbed/internal/stage"
)

const clients = 40

// Sink takes a millisecond for a line, as a disk or a pipe might.
type sink struct {
	lines atomic.Int64
}

func (s *sink) Write(line []byte) (int, error) {
	time.Sleep(time.Millisecond)
	s.lines.Add(1)
	return len(line), nil
}

type journal struct {
	mu sync.Mutex
	to io.Writer
}

//go:noinline
func (j *journal) write(line string) {
	j.mu.Lock()
	io.WriteString(j.to, line)
	j.mu.Unlock()
}

var (
	slow    = &sink{}
	entries = &journal{to: slow}
)

func order(w http.ResponseWriter, r *http.Request) {
	entries.write("order " + r.URL.Path + "\n")
	fmt.Fprintln(w, "accepted")
}

func customer(client *http.Client, url string) {
	for {
		response, err := client.Get(url)
		stage.Must(err)
		_, err = io.Copy(io.Discard, response.Body)
		stage.Must(err)
		stage.Must(response.Body.Close())
	}
}

func main() {
	for _, argument := range os.Args[1:] {
		if argument == "-profile" {
			runtime.SetMutexProfileFraction(5)
			runtime.SetBlockProfileRate(10_000)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	stage.Must(err)
	shop := http.NewServeMux()
	shop.HandleFunc("/order", order)
	go func() { stage.Must(http.Serve(listener, shop)) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	for i := 0; i < clients; i++ {
		go customer(client, "http://"+listener.Addr().String()+"/order")
	}
	for slow.lines.Load() < 300 {
		time.Sleep(10 * time.Millisecond)
	}
	stage.Wait()
}
