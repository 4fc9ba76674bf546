// Command server serves net/http/pprof, and beside it a heap profile in text that stays the
// same: at /debug/pprof/fixed as Go writes it, at /debug/pprof/bare without names; both also
// below /any, where /symbol may be asked with any method, and bare names below /alone, where
// there is no /symbol. It ends with its standard input. With arguments it speaks TLS: the
// server's certificate and key, and the authority of the certificates that clients must have.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	pprofhttp "net/http/pprof"
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte

func keep(size int) {
	for i := 0; i < 64; i++ {
		kept = append(kept, make([]byte, size))
	}
}

func main() {
	runtime.MemProfileRate = 1
	keep(1 << 10)
	keep(8 << 10)
	var text bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&text, 1); err != nil {
		panic(err)
	}
	var bare bytes.Buffer
	for _, line := range bytes.SplitAfter(text.Bytes(), []byte("\n")) {
		if !bytes.HasPrefix(line, []byte("#")) {
			bare.Write(line)
		}
	}
	serve := func(path string, body []byte) {
		http.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { w.Write(body) })
	}
	for _, prefix := range []string{"", "/any"} {
		serve(prefix+"/debug/pprof/fixed", text.Bytes())
		serve(prefix+"/debug/pprof/bare", bare.Bytes())
	}
	serve("/alone/bare", bare.Bytes())
	// What net/http/pprof registers itself takes no POST.
	http.HandleFunc("/any/debug/pprof/symbol", pprofhttp.Symbol)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	if len(os.Args) > 1 {
		authorities := x509.NewCertPool()
		authority, err := os.ReadFile(os.Args[3])
		if err != nil || !authorities.AppendCertsFromPEM(authority) {
			panic(err)
		}
		server := &http.Server{
			ErrorLog:  log.New(io.Discard, "", 0),
			TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authorities},
		}
		go server.ServeTLS(listener, os.Args[1], os.Args[2])
	} else {
		go http.Serve(listener, nil)
	}
	io.Copy(io.Discard, os.Stdin)
}
