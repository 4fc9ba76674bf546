// Tracing makes execution traces in which one thing at a time is to be seen: it
// runs one scenario, writes the trace of it to a file, and ends.
//
//	tracing SCENARIO OUTPUT [flags]
//
// Scenarios of a newer Go than the one that builds the program are left out.
// How long a generation of the trace lasts is the runtime's choice, one second,
// but for GODEBUG=traceadvanceperiod=NANOSECONDS.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/trace"
	"sort"
	"time"

	"fathom/testbed/internal/stage"
)

// Scenarios are given the file that the trace goes to, because each decides
// what happens before the trace begins. Files with build tags add theirs.
var scenarios = map[string]func(out *os.File){
	"allocfree":   allocFree,
	"annotations": annotations,
	"channels":    channels,
	"collections": collections,
	"cpuprofile":  cpuProfile,
	"gomaxprocs":  gomaxprocs,
	"goroutines":  goroutines,
	"network":     network,
	"restarts":    restarts,
	"service":     service,
	"stuck":       stuck,
	"syscalls":    syscalls,
	"threads":     threads,
}

// How large a scenario is; what zero means is the scenario's choice.
var (
	count    = flag.Int("n", 0, "how many `rounds`, goroutines or threads")
	duration = flag.Duration("for", 0, "how long the scenario goes on, where it goes by time")
)

// Times returns the flag -n, or usual where it was not given.
func times(usual int) int {
	if *count > 0 {
		return *count
	}
	return usual
}

// Lasting returns the flag -for, or usual where it was not given.
func lasting(usual time.Duration) time.Duration {
	if *duration > 0 {
		return *duration
	}
	return usual
}

// Record starts the trace; what it returns ends it.
func record(out *os.File) (end func()) {
	stage.Must(trace.Start(out))
	return trace.Stop
}

func main() {
	if len(os.Args) < 3 || scenarios[os.Args[1]] == nil {
		names := make([]string, 0, len(scenarios))
		for name := range scenarios {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Fprintln(os.Stderr, "usage: tracing SCENARIO OUTPUT [-n N] [-for DURATION]; scenarios:", names)
		os.Exit(2)
	}
	stage.Must(flag.CommandLine.Parse(os.Args[3:]))
	out, err := os.Create(os.Args[2])
	stage.Must(err)
	scenarios[os.Args[1]](out)
	stage.Must(out.Close())
}
