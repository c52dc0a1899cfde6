package conn_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
)

// A client that has ended is collected: none of its timers keeps it, however far off what it waited for.
func TestEndedClientIsCollected(t *testing.T) {
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	collected := make(chan struct{})
	func() {
		cl, err := conn.Dial(context.Background(), b.URI(), &conn.Config{DisconnectTimeout: time.Hour, ReceiptTimeout: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(cl, func(done chan struct{}) { close(done) }, collected)
		if err := cl.Disconnect(context.Background()); err != nil {
			t.Error(err)
		}
		<-cl.Done()
	}()
	late := time.After(5 * time.Minute)
	for {
		runtime.GC()
		select {
		case <-collected:
			return
		case <-late:
			t.Fatal("the client is still there")
		case <-time.After(time.Millisecond):
		}
	}
}
