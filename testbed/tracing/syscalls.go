package main

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fathom/testbed/internal/stage"
)

// Syscalls makes system calls that are over at once, that last so long that the
// runtime takes the processor away, and that the poller waits for.
func syscalls(out *os.File) {
	rounds := times(10)
	defer record(out)()

	for round := 0; round < rounds; round++ {
		var group sync.WaitGroup
		for _, work := range []func(){files, polledPipe, blockingPipe, naps, busy} {
			group.Add(1)
			go func(work func()) {
				defer group.Done()
				work()
			}(work)
		}
		group.Wait()
	}
}

func files() {
	path := filepath.Join(os.TempDir(), "syscalls.txt")
	for i := 0; i < 4; i++ {
		stage.Must(os.WriteFile(path, make([]byte, 64<<10), 0o600))
		_, err := os.ReadFile(path)
		stage.Must(err)
	}
	stage.Must(os.Remove(path))
}

// PolledPipe reads from a pipe as os makes it: the goroutine waits, no thread.
func polledPipe() {
	reader, writer, err := os.Pipe()
	stage.Must(err)
	throughPipe(reader, writer)
}

// BlockingPipe reads from a pipe that the poller does not know: a thread waits.
func blockingPipe() {
	var ends [2]int
	stage.Must(syscall.Pipe(ends[:]))
	throughPipe(os.NewFile(uintptr(ends[0]), "reader"), os.NewFile(uintptr(ends[1]), "writer"))
}

func throughPipe(reader, writer *os.File) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		word := make([]byte, 16)
		for {
			if _, err := reader.Read(word); err != nil {
				return
			}
		}
	}()
	for i := 0; i < 5; i++ {
		time.Sleep(200 * time.Microsecond)
		_, err := writer.Write([]byte("word"))
		stage.Must(err)
	}
	stage.Must(writer.Close())
	<-done
	stage.Must(reader.Close())
}

// Naps are system calls that last long enough to lose the processor.
func naps() {
	for i := 0; i < 4; i++ {
		nap := syscall.NsecToTimespec((2 * time.Millisecond).Nanoseconds())
		// An interrupted nap is a nap.
		_ = syscall.Nanosleep(&nap, nil)
	}
}

// Busy wants every processor that it can get meanwhile.
func busy() {
	until := time.Now().Add(3 * time.Millisecond)
	for time.Now().Before(until) {
	}
}
