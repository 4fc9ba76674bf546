//go:build go1.25

package main

import (
	"os"
	"runtime/trace"
	"time"

	"fathom/testbed/internal/stage"
)

func init() {
	scenarios["flight"] = flight
}

// Flight keeps the last moments in a flight recorder and writes them: the first
// generation of the file is not the first of the recording.
func flight(out *os.File) {
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{
		MinAge:   50 * time.Millisecond,
		MaxBytes: 1 << 20,
	})
	stage.Must(recorder.Start())
	until := time.Now().Add(lasting(600 * time.Millisecond))
	for time.Now().Before(until) {
		pingPong(10)
		selects(2)
		time.Sleep(2 * time.Millisecond)
	}
	_, err := recorder.WriteTo(out)
	stage.Must(err)
	recorder.Stop()
}
