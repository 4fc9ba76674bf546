// Publisher is busy in every way that a plot shows, and publishes what the
// runtime says of it in each way that programs do: runtime/metrics with their
// distributions under expvar, and a page in the text format of Prometheus.
package main

import (
	"expvar"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"fathom/testbed/internal/stage"
)

var (
	requests atomic.Int64
	lock     sync.Mutex
	kept     [][]byte
)

// work allocates, contends for a lock and waits, a few hundred times a second.
func work(worker int) {
	for round := 0; ; round++ {
		lock.Lock()
		requests.Add(1)
		if len(kept) > 64 {
			kept = kept[1:]
		}
		kept = append(kept, make([]byte, 1<<10<<(round%8)))
		time.Sleep(100 * time.Microsecond)
		lock.Unlock()
		done := make(chan []byte)
		go func() { done <- make([]byte, 4096*(worker+1)) }()
		<-done
		time.Sleep(time.Millisecond)
	}
}

// distributions are the values of runtime/metrics that are no numbers, which
// JSON needs with infinities as text.
func distributions() any {
	type distribution struct {
		Counts  []uint64 `json:"counts"`
		Buckets []any    `json:"buckets"`
	}
	values := map[string]distribution{}
	for _, sample := range read() {
		if sample.Value.Kind() != metrics.KindFloat64Histogram {
			continue
		}
		histogram := sample.Value.Float64Histogram()
		bounds := make([]any, len(histogram.Buckets))
		for i, bound := range histogram.Buckets {
			if math.IsInf(bound, 0) {
				bounds[i] = fmt.Sprint(bound)
			} else {
				bounds[i] = bound
			}
		}
		values[sample.Name] = distribution{histogram.Counts, bounds}
	}
	return values
}

func read() []metrics.Sample {
	described := metrics.All()
	samples := make([]metrics.Sample, len(described))
	for i := range described {
		samples[i].Name = described[i].Name
	}
	metrics.Read(samples)
	return samples
}

func page(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "# HELP publisher_requests_total Rounds of all workers.")
	fmt.Fprintln(w, "# TYPE publisher_requests_total counter")
	fmt.Fprintf(w, "publisher_requests_total{kind=\"round\"} %d\n", requests.Load())
	fmt.Fprintln(w, "# TYPE publisher_ready gauge")
	fmt.Fprintln(w, "publisher_ready 1")
	fmt.Fprintln(w, "# TYPE go_goroutines gauge")
	fmt.Fprintf(w, "go_goroutines %d\n", runtime.NumGoroutine())
}

func main() {
	expvar.Publish("distributions", expvar.Func(distributions))
	expvar.Publish("requests", expvar.Func(func() any { return requests.Load() }))
	http.HandleFunc("/metrics", page)
	for worker := 0; worker < 4; worker++ {
		go work(worker)
	}
	runtime.GC()
	stage.Wait()
}
