// Cgo_malloc holds 300 MiB that C allocated and wrote: 100 MiB in small blocks,
// which come from the C heap, and 200 MiB in large ones, which are mapped one by
// one. Nothing of it is in MemStats or in any profile.
package main

/*
#include <stdlib.h>
#include <string.h>

static void *filled(size_t size) {
	void *block = malloc(size);
	if (block != NULL) {
		memset(block, 1, size);
	}
	return block;
}
*/
import "C"

import (
	"errors"
	"unsafe"

	"fathom/testbed/internal/stage"
)

var decoded []unsafe.Pointer

func decode(count int, size int) {
	for i := 0; i < count; i++ {
		block := C.filled(C.size_t(size))
		if block == nil {
			stage.Must(errors.New("malloc failed"))
		}
		decoded = append(decoded, block)
	}
}

func main() {
	decode(100<<20/(64<<10), 64<<10)
	decode(200, 1<<20)
	stage.Wait()
}
