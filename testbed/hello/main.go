// Hello does nothing: the smallest server that answers under /debug. Its
// resident size is a few MiB and its virtual size, which frightens, over 1 GB.
package main

import "fathom/testbed/internal/stage"

func main() { stage.Wait() }
