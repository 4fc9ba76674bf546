package main

import (
	"context"
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

// Annotations has tasks within tasks and across goroutines, regions within
// regions, logs, and at the end a task and a region that nobody closes.
func annotations(out *os.File) {
	orders := times(10)
	early, earlyTask := trace.NewTask(context.Background(), "before the trace")
	defer record(out)()

	trace.Log(early, "state", "its task began before the trace")
	earlyTask.End()

	var group sync.WaitGroup
	for order := 0; order < orders; order++ {
		group.Add(1)
		go func(order int) {
			defer group.Done()
			takeOrder(order)
		}(order)
		time.Sleep(time.Millisecond)
	}
	group.Wait()

	trace.Log(context.Background(), "", "no task, no category")
	trace.WithRegion(context.Background(), "no task", func() { burn(50) })
	open, _ := trace.NewTask(context.Background(), "never ended")
	go func() {
		trace.StartRegion(open, "never ended")
		trace.Log(open, "state", "open")
		select {}
	}()
	time.Sleep(time.Millisecond)
}

func takeOrder(order int) {
	ctx, task := trace.NewTask(context.Background(), "order")
	defer task.End()
	trace.Logf(ctx, "order", "number %d", order)
	trace.WithRegion(ctx, "check", func() {
		trace.WithRegion(ctx, "check stock", func() { burn(100) })
		trace.WithRegion(ctx, "check credit", func() { time.Sleep(time.Millisecond) })
	})

	var group sync.WaitGroup
	for item := 0; item < 2; item++ {
		group.Add(1)
		go func(item int) {
			defer group.Done()
			packItem(ctx, item)
		}(item)
	}
	group.Wait()
}

// PackItem ends its task on another goroutine than the one that began it.
func packItem(ctx context.Context, item int) {
	ctx, task := trace.NewTask(ctx, fmt.Sprintf("item %d", item))
	defer trace.StartRegion(ctx, "pack").End()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		defer task.End()
		trace.WithRegion(ctx, "send", func() { time.Sleep(200 * time.Microsecond) })
		trace.Log(ctx, "item", "sent")
	}()
	<-packed
}
