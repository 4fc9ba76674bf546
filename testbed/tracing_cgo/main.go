// Tracing_cgo makes the execution trace of a program that is half C: calls into
// C, short and long, callbacks from there, and threads that C made calling Go.
//
//	tracing_cgo cgo OUTPUT [-n ROUNDS]
package main

/*
#cgo LDFLAGS: -lpthread

int  quick(int number);
void nap(int microseconds);
void call_back(int times);
int  call_from_threads(int threads, int times);
*/
import "C"

import (
	"flag"
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"fathom/testbed/internal/stage"
)

var called atomic.Int64

// Called is what C calls: it waits at times, so that a thread of C gives its
// processor away in the middle of a callback.
//
//export called_from_c
func called_from_c(number C.int) C.int {
	called.Add(1)
	if number%3 == 0 {
		time.Sleep(100 * time.Microsecond)
	}
	if number > 0 && number%4 == 0 {
		return C.quick(number) // into C again from within Go from within C
	}
	return number
}

func main() {
	rounds := flag.Int("n", 5, "how many `rounds`")
	if len(os.Args) < 3 || os.Args[1] != "cgo" {
		fmt.Fprintln(os.Stderr, "usage: tracing_cgo cgo OUTPUT [-n ROUNDS]")
		os.Exit(2)
	}
	stage.Must(flag.CommandLine.Parse(os.Args[3:]))
	out, err := os.Create(os.Args[2])
	stage.Must(err)
	// These threads live before the trace begins.
	if C.call_from_threads(1, 1) != 0 {
		fmt.Fprintln(os.Stderr, "tracing_cgo: no threads")
		os.Exit(1)
	}
	stage.Must(trace.Start(out))
	for round := 0; round < *rounds; round++ {
		var group sync.WaitGroup
		for _, work := range []func(){
			func() { C.quick(1); C.quick(2) },
			func() { C.nap(2000) },
			func() { C.call_back(6) },
			func() {
				if C.call_from_threads(3, 6) != 0 {
					panic("no threads")
				}
			},
		} {
			group.Add(1)
			go func(work func()) {
				defer group.Done()
				work()
			}(work)
		}
		group.Wait()
	}
	trace.Stop()
	stage.Must(out.Close())
	fmt.Println("called", called.Load())
}
