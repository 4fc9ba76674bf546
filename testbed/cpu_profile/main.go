// Command cpu_profile burns CPU in ways that a profile has to tell apart — labels,
// recursion, inlined calls, closures, generics, several goroutines — and writes the CPU
// profile of two seconds to standard output.
package main

import (
	"context"
	"crypto/sha256"
	"log"
	"os"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
	"time"
)

type number interface{ ~int | ~float64 }

// sum is instantiated twice.
func sum[N number](values []N) (total N) {
	for _, value := range values {
		total += twice(value)
	}
	return total
}

// twice is inlined into sum.
func twice[N number](value N) N { return value + value }

// fib recurses, and is part of a cycle with odd.
func fib(n int) int {
	if n < 2 {
		return n
	}
	if n%7 == 0 {
		return odd(n)
	}
	return fib(n-1) + fib(n-2)
}

func odd(n int) int { return fib(n-1) + fib(n-2) }

func hash(text string) [32]byte {
	return sha256.Sum256([]byte(strings.Repeat(text, 500)))
}

func order(size int) {
	values := make([]float64, size)
	for i := range values {
		values[i] = float64(i * 7919 % size)
	}
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	sum(values)
	sum([]int{1, 2, 3})
}

func main() {
	if err := pprof.StartCPUProfile(os.Stdout); err != nil {
		log.Fatal(err)
	}
	end := time.Now().Add(2 * time.Second)
	var workers sync.WaitGroup
	for _, tenant := range []string{"blue", "größe", "long name with spaces"} {
		workers.Add(1)
		go func(tenant string) {
			defer workers.Done()
			labels := pprof.Labels("tenant", tenant, "stage", "work")
			pprof.Do(context.Background(), labels, func(ctx context.Context) {
				for time.Now().Before(end) {
					fib(22)
					pprof.Do(ctx, pprof.Labels("stage", "hash"), func(context.Context) {
						hash(tenant)
					})
					order(2000)
				}
			})
		}(tenant)
	}
	workers.Wait()
	pprof.StopCPUProfile()
}
