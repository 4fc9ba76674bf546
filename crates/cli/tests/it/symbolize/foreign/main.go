// Command foreign is built for systems that these tests do not run on: its binary is read, and
// profiles of it are written by hand.
package main

var total int

func square(n int) int { return n * n % 7 }

//go:noinline
func spin(n int) {
	for i := 0; i < n; i++ {
		total += square(i)
	}
}

func main() {
	spin(1000)
}
