// Command cgo spends its time in C and writes a CPU profile with the stacks of C, which a walk
// along the frame pointers finds. Nothing in the program names them.
package main

/*
#cgo CFLAGS: -g -O1 -fno-omit-frame-pointer
#define _GNU_SOURCE
#include <stdint.h>
#include <ucontext.h>

struct wanted { uintptr_t context, signal; uintptr_t *buffer; uintptr_t most; };

static void walk(void *argument) {
	struct wanted *wanted = argument;
	uintptr_t count = 0;
	if (wanted->signal != 0) {
		greg_t *registers = ((ucontext_t *)wanted->signal)->uc_mcontext.gregs;
		uintptr_t stack = registers[REG_RSP], frame = registers[REG_RBP];
		wanted->buffer[count++] = registers[REG_RIP];
		while (count < wanted->most && frame > stack && frame - stack < 4096 && frame % 8 == 0) {
			uintptr_t *saved = (uintptr_t *)frame;
			if (saved[1] == 0) break;
			wanted->buffer[count++] = saved[1];
			stack = frame;
			frame = saved[0];
		}
	}
	if (count < wanted->most) wanted->buffer[count] = 0;
}
static uintptr_t walker(void) { return (uintptr_t)walk; }

static volatile int total;
// What calls nothing has no frame, so that the walk passes over its caller.
static int __attribute__((noinline)) seventh(int i) { return i % 7; }
static int __attribute__((noinline)) leaf(int n) {
	int sum = 0;
	for (int i = 0; i < n; i++) sum += seventh(i);
	return sum;
}
static inline int twice(int n) {
	total = leaf(n);
	return total + leaf(n);
}
int __attribute__((noinline)) work_in_c(int n) { return twice(n) + 1; }
*/
import "C"

import (
	"os"
	"runtime"
	"runtime/pprof"
	"time"
	"unsafe"
)

func main() {
	runtime.SetCgoTraceback(0, unsafe.Pointer(uintptr(C.walker())), nil, nil)
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	pprof.StartCPUProfile(f)
	end := time.Now().Add(600 * time.Millisecond)
	for time.Now().Before(end) {
		C.work_in_c(1000000)
	}
	pprof.StopCPUProfile()
}
