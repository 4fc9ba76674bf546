package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"fathom/testbed/internal/stage"
)

const networkClients = 3

// Network has an HTTP server and its clients in one process, so that both ends
// of every wait are in the trace.
func network(out *os.File) {
	requests := times(10)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	stage.Must(err)
	pages := http.NewServeMux()
	pages.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Millisecond)
		fmt.Fprintln(w, "late")
	})
	pages.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		stage.Must(err)
		_, err = w.Write(body)
		stage.Must(err)
	})
	server := &http.Server{Handler: pages}
	defer record(out)()

	go server.Serve(listener)
	var group sync.WaitGroup
	for i := 0; i < networkClients; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			networkClient("http://"+listener.Addr().String(), requests)
		}()
	}
	group.Wait()
	stage.Must(server.Close())
}

func networkClient(url string, requests int) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	body := strings.Repeat("0123456789abcdef", 4096)
	for i := 0; i < requests; i++ {
		read(client.Get(url + "/slow"))
		read(client.Post(url+"/echo", "text/plain", strings.NewReader(body)))
	}
}

func read(response *http.Response, err error) {
	stage.Must(err)
	_, err = io.Copy(io.Discard, response.Body)
	stage.Must(err)
	stage.Must(response.Body.Close())
}
