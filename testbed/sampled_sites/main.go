// Sampled_sites allocates 20 MiB at each of ten places, in blocks of 64 bytes to
// 1 MiB, and keeps all of it: the truth that a sampled profile estimates. What
// each place really holds is published as "sites".
//
// With -print it writes the heap profile's text to standard output and ends, for
// experiments over many runs.
package main

import (
	"expvar"
	"os"
	"runtime"
	"runtime/pprof"

	"fathom/testbed/internal/stage"
)

const siteBytes = 20 << 20

// hold is a list of the blocks of one site. It is made before the sampled
// blocks are, so that it never grows among them.
func hold(size int) [][]byte { return make([][]byte, 0, siteBytes/size) }

// Every block size is a size class, so that a site's bytes are exact.
var (
	held64   = hold(64)
	held128  = hold(128)
	held512  = hold(512)
	held2k   = hold(2 << 10)
	held8k   = hold(8 << 10)
	held32k  = hold(32 << 10)
	held64k  = hold(64 << 10)
	held256k = hold(256 << 10)
	held512k = hold(512 << 10)
	held1m   = hold(1 << 20)
)

//go:noinline
func site64() { held64 = append(held64, make([]byte, 64)) }

//go:noinline
func site128() { held128 = append(held128, make([]byte, 128)) }

//go:noinline
func site512() { held512 = append(held512, make([]byte, 512)) }

//go:noinline
func site2k() { held2k = append(held2k, make([]byte, 2<<10)) }

//go:noinline
func site8k() { held8k = append(held8k, make([]byte, 8<<10)) }

//go:noinline
func site32k() { held32k = append(held32k, make([]byte, 32<<10)) }

//go:noinline
func site64k() { held64k = append(held64k, make([]byte, 64<<10)) }

//go:noinline
func site256k() { held256k = append(held256k, make([]byte, 256<<10)) }

//go:noinline
func site512k() { held512k = append(held512k, make([]byte, 512<<10)) }

//go:noinline
func site1m() { held1m = append(held1m, make([]byte, 1<<20)) }

type site struct {
	Function string `json:"function"`
	Size     int    `json:"size"`
	Count    int    `json:"count"`
	allocate func()
}

var sites = []site{
	{"main.site64", 64, siteBytes / 64, site64},
	{"main.site128", 128, siteBytes / 128, site128},
	{"main.site512", 512, siteBytes / 512, site512},
	{"main.site2k", 2 << 10, siteBytes / (2 << 10), site2k},
	{"main.site8k", 8 << 10, siteBytes / (8 << 10), site8k},
	{"main.site32k", 32 << 10, siteBytes / (32 << 10), site32k},
	{"main.site64k", 64 << 10, siteBytes / (64 << 10), site64k},
	{"main.site256k", 256 << 10, siteBytes / (256 << 10), site256k},
	{"main.site512k", 512 << 10, siteBytes / (512 << 10), site512k},
	{"main.site1m", 1 << 20, siteBytes / (1 << 20), site1m},
}

func main() {
	for _, place := range sites {
		for i := 0; i < place.Count; i++ {
			place.allocate()
		}
	}
	runtime.GC()
	if len(os.Args) > 1 && os.Args[1] == "-print" {
		stage.Must(pprof.Lookup("heap").WriteTo(os.Stdout, 1))
		return
	}
	expvar.Publish("sites", expvar.Func(func() any { return sites }))
	stage.Wait()
	runtime.KeepAlive([]any{held64, held128, held512, held2k, held8k, held32k, held64k, held256k, held512k, held1m})
}
