// Watched works all the time, so that there is something to watch: it throws
// memory away, keeps a little of it, and leaves goroutines behind.
package main

import (
	_ "expvar"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"runtime/metrics"
	"syscall"
	"time"

	"fathom/testbed/internal/stage"
)

var (
	kept [][]byte
	sink []byte
)

//go:noinline
func keep() {
	record := make([]byte, 64<<10)
	stage.Touch(record)
	kept = append(kept, record)
}

func work(grows bool) {
	for tick := 0; ; tick++ {
		for i := 0; i < 100; i++ {
			sink = make([]byte, 2048)
		}
		if grows && tick%10 == 0 {
			keep()
		}
		if grows && tick%50 == 0 {
			go wait()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func wait() { select {} }

// poll reads every metric of the runtime, as exporters within a program do.
func poll(every time.Duration) {
	described := metrics.All()
	samples := make([]metrics.Sample, len(described))
	for i := range described {
		samples[i].Name = described[i].Name
	}
	for {
		metrics.Read(samples)
		time.Sleep(every)
	}
}

// told prints what the process cost so far.
func told() {
	var usage syscall.Rusage
	stage.Must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(time syscall.Timeval) float64 {
		return float64(time.Sec) + float64(time.Usec)/1e6
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Printf("CPU %.3f ALLOCATED %d\n", seconds(usage.Utime)+seconds(usage.Stime), stats.TotalAlloc)
}

func main() {
	address := flag.String("listen", "127.0.0.1:0", "where to listen")
	every := flag.Duration("poll", 0, "poll the runtime's metrics")
	end := flag.Duration("for", 0, "end after so long")
	code := flag.Int("code", 0, "the exit code of the end")
	grows := flag.Bool("grows", true, "keep memory and goroutines")
	flag.Parse()
	if os.Getenv("TESTBED_WATCH_PARENT") != "" {
		parent := os.Getppid()
		go func() {
			for os.Getppid() == parent {
				time.Sleep(time.Second)
			}
			os.Exit(0)
		}()
	}
	listener, err := net.Listen("tcp", *address)
	stage.Must(err)
	fmt.Println("READY", listener.Addr())
	log.Println("begins")
	if *every > 0 {
		go poll(*every)
	}
	go work(*grows)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() { stage.Must(http.Serve(listener, nil)) }()
	var ended <-chan time.Time
	if *end > 0 {
		ended = time.After(*end)
	}
	select {
	case <-signals:
		log.Println("was told to end")
		os.Exit(5)
	case <-ended:
		told()
		os.Exit(*code)
	}
}
