package conn_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Trace is told of SUBSCRIBE, UNSUBSCRIBE and DISCONNECT before of their receipts, however slow it is.
func TestTraceOfAFrameComesBeforeItsReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		trace := func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventSend {
				time.Sleep(time.Second)
			}
			if e.Kind == conn.EventSend || e.Kind == conn.EventReceived {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, e.Frame.Command.String())
			}
		}
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{OneConnection: true, Trace: trace})
		sub, err := c.Subscribe(t.Context(), "/queue/a", func(context.Context, *conn.Message) {}, conn.SubscribeOptions{Ack: frame.AckClient})
		if err != nil {
			t.Fatal(err)
		}
		if err := sub.Unsubscribe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"CONNECT", "CONNECTED", "SUBSCRIBE", "RECEIPT", "UNSUBSCRIBE", "RECEIPT", "DISCONNECT", "RECEIPT"}
		if !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
	})
}
