// Hot_function spends nearly all of its CPU time in one line of one function,
// on two processors.
package main

import (
	"crypto/sha256"

	"fathom/testbed/internal/stage"
)

const workers = 2

type seal [sha256.Size]byte

//go:noinline
func digest(last seal, rounds int) seal {
	for i := 0; i < rounds; i++ {
		last = sha256.Sum256(last[:])
	}
	return last
}

//go:noinline
func settle(last seal) byte {
	sum := byte(0)
	for _, digit := range last {
		sum += digit
	}
	return sum
}

func main() {
	for i := 0; i < workers; i++ {
		go func() {
			var last seal
			for {
				last = digest(last, 10_000)
				last[0] = settle(last)
			}
		}()
	}
	stage.Wait()
}
