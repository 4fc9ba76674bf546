// Package stage is what every program of the testbed shares: once its state is
// reached, a program publishes what a real service would publish, says that it
// is ready, and waits.
package stage

import (
	"expvar"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // the profiles under /debug/pprof/
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Wait serves net/http/pprof, expvar, /testbed/gc and /testbed/free on a
// loopback port of the kernel's choice, prints "READY <address>" to standard
// output, and never returns.
//
// With TESTBED_WATCH_PARENT set, the process ends when its parent does, so that
// an aborted test leaves nothing behind.
func Wait() {
	if os.Getenv("TESTBED_WATCH_PARENT") != "" {
		go exitWithParent()
	}
	expvar.Publish("goversion", expvar.Func(func() any { return runtime.Version() }))
	expvar.Publish("metrics", expvar.Func(scalarMetrics))

	// One collection and no more: what the heap holds becomes the profile's.
	http.HandleFunc("/testbed/gc", func(w http.ResponseWriter, _ *http.Request) {
		runtime.GC()
		fmt.Fprintln(w, "collected")
	})
	http.HandleFunc("/testbed/free", func(w http.ResponseWriter, _ *http.Request) {
		debug.FreeOSMemory()
		fmt.Fprintln(w, "released")
	})

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Must(err)
	fmt.Println("READY", listener.Addr())
	Must(http.Serve(listener, nil))
}

// Must ends the program with a line on standard error when something that the
// program's state rests on has failed.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
		os.Exit(1)
	}
}

// Touch writes one byte in every 4 KiB page, so that the kernel backs it.
func Touch(memory []byte) {
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
}

// scalarMetrics reads every runtime/metrics value that is a single number.
func scalarMetrics() any {
	described := metrics.All()
	samples := make([]metrics.Sample, len(described))
	for i := range described {
		samples[i].Name = described[i].Name
	}
	metrics.Read(samples)
	values := make(map[string]any, len(samples))
	for _, sample := range samples {
		switch sample.Value.Kind() {
		case metrics.KindUint64:
			values[sample.Name] = sample.Value.Uint64()
		case metrics.KindFloat64:
			values[sample.Name] = sample.Value.Float64()
		}
	}
	return values
}

func exitWithParent() {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(5 * time.Second)
	}
	os.Exit(0)
}
