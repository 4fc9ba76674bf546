// Thp keeps one MiB in four of a heap whose pages the kernel may make huge, as
// it may everywhere when transparent huge pages are on "always": each touch of
// what is live brings back a huge page around it that had been released.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"

	"fathom/testbed/internal/stage"
)

const adviseHugePages = 14 // MADV_HUGEPAGE

var kept [][]byte

// adviseHeap asks for huge pages in the mapping that holds the first block.
func adviseHeap() {
	first := uintptr(unsafe.Pointer(&kept[0][0]))
	maps, err := os.Open("/proc/self/maps")
	stage.Must(err)
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var low, high uintptr
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &low, &high); err != nil {
			continue
		}
		if low <= first && first < high {
			_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, low, high-low, adviseHugePages)
			if errno != 0 {
				stage.Must(errno)
			}
		}
	}
	stage.Must(lines.Err())
}

//go:noinline
func load() {
	for i := 0; i < 200; i++ {
		kept = append(kept, make([]byte, 1<<20))
	}
}

func main() {
	load()
	for i := range kept {
		if i%4 != 0 {
			kept[i] = nil
		}
	}
	debug.FreeOSMemory()
	adviseHeap()
	for _, block := range kept {
		stage.Touch(block)
	}
	stage.Wait()
}
