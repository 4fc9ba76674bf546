// Syncpool has put 64 buffers of 4 MiB back into a sync.Pool; they stay until
// the second collection from now.
package main

import (
	"bytes"
	"runtime"
	"sync"

	"fathom/testbed/internal/stage"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

//go:noinline
func encode(line []byte) *bytes.Buffer {
	buffer := buffers.Get().(*bytes.Buffer)
	for buffer.Len() < 3<<20 {
		buffer.Write(line)
	}
	return buffer
}

func main() {
	line := bytes.Repeat([]byte("x"), 1024)
	burst := make([]*bytes.Buffer, 64)
	for i := range burst {
		burst[i] = encode(line)
	}
	runtime.GC() // the buffers' growth is garbage and leaves the profile here
	for i, buffer := range burst {
		buffer.Reset()
		buffers.Put(buffer)
		burst[i] = nil
	}
	runtime.GC() // what was put becomes the pool's victims, still held
	stage.Wait()
}
