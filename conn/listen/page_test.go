package listen_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/listen"
	"github.com/stompwire/stompwire/frame"
)

// lines collects what a PrintingListener writes.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was written since the last call.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// The session of stomp.py's page "Using the API", step by step against the embedded broker.
func TestPageUsingTheAPI(t *testing.T) {
	b, err := broker.Start(broker.Config{Users: map[string]string{"admin": "password"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	// c.set_listener('', PrintingListener()); c.connect('admin', 'password', wait=True)
	var out lines
	var listeners listen.Set
	stats := new(listen.StatsListener)
	enter(t, &listeners, "print", listen.NewPrintingListener(&out))
	enter(t, &listeners, "stats", stats)
	c, err := conn.Dial(ctx, b.URI(), &conn.Config{
		Login: "admin", Passcode: "password", Versions: frame.VersionsOf(frame.Version12), OneConnection: true, Trace: listeners.Trace,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := out.take()
	expectInOrder(t, text, "on_connecting "+b.URI()+"\n", "on_send CONNECT", `login="admin"`, `passcode="***"`, "on_connected CONNECTED", `version="1.2"`)

	// c.subscribe('/queue/test', 123); c.send('/queue/test', 'a test message'); c.unsubscribe(123)
	bodies := make(chan string, 10)
	receive := func(_ context.Context, m *conn.Message) { bodies <- string(m.Body) }
	next := func(want string) {
		t.Helper()
		select {
		case got := <-bodies:
			if got != want {
				t.Errorf("received %q, want %q", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("%q does not come", want)
		}
	}
	sub, err := c.Subscribe(ctx, "/queue/test", receive, conn.SubscribeOptions{ID: "123"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendReceipt(ctx, "/queue/test", []byte("a test message")); err != nil {
		t.Fatal(err)
	}
	next("a test message")
	if err := sub.Unsubscribe(ctx); err != nil {
		t.Fatal(err)
	}
	text = out.take()
	expectInOrder(t, text, "on_send SUBSCRIBE", `id="123"`, "on_before_message", `"a test message"`, "on_message", `subscription="123"`, `"a test message"`, "on_send UNSUBSCRIBE", `id="123"`)
	expectInOrder(t, text, "on_send SEND", `destination="/queue/test"`, `"a test message"`)

	// conn.subscribe('/queue/test', id=4, ack='client'); conn.ack(…); conn.nack(…)
	tokens := make(chan conn.Token, 10)
	keep := func(ctx context.Context, m *conn.Message) {
		receive(ctx, m)
		tokens <- m.Token()
	}
	if sub, err = c.Subscribe(ctx, "/queue/test", keep, conn.SubscribeOptions{ID: "4", Ack: frame.AckClient}); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"test message 1", "test message 2"} {
		if err := c.Send(ctx, "/queue/test", []byte(body)); err != nil {
			t.Fatal(err)
		}
		next(body)
	}
	if err := (<-tokens).Ack(); err != nil {
		t.Fatal(err)
	}
	if err := (<-tokens).Nack(); err != nil {
		t.Fatal(err)
	}
	next("test message 2") // again
	if err := (<-tokens).Ack(); err != nil {
		t.Fatal(err)
	}
	if err := sub.Unsubscribe(ctx); err != nil {
		t.Fatal(err)
	}
	expectInOrder(t, out.take(), "on_send ACK", "on_send NACK")

	// txid = conn.begin(); conn.send(…, transaction=txid); conn.commit(txid); and conn.abort(txid)
	if _, err = c.Subscribe(ctx, "/queue/test", receive, conn.SubscribeOptions{ID: "5"}); err != nil {
		t.Fatal(err)
	}
	for _, tx := range []struct {
		id     string
		bodies []string
		commit bool
	}{{"", []string{"test4", "test5"}, false}, {"mine", []string{"test1", "test2", "test3"}, true}} {
		x, err := c.Begin(ctx, tx.id)
		if err != nil || x.ID() == "" || tx.id != "" && x.ID() != tx.id {
			t.Fatalf("transaction %v, %v", x, err)
		}
		for _, body := range tx.bodies {
			if err := x.Send(ctx, "/queue/test", []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		end := x.Abort
		if tx.commit {
			end = x.Commit
		}
		if err := end(ctx); err != nil {
			t.Fatal(err)
		}
	}
	next("test1")
	next("test2")
	next("test3")

	// conn.disconnect()
	out.take()
	if err := c.Disconnect(ctx); err != nil {
		t.Fatal(err)
	}
	expectInOrder(t, out.take(), "on_disconnecting", "on_send DISCONNECT", "receipt=", "on_receipt RECEIPT", "receipt-id=", "on_receiver_loop_completed", "on_disconnected")
	if got := stats.MessagesSent.Load(); got != 8 {
		t.Errorf("%d messages sent; %v", got, stats)
	}
	if stats.Connections.Load() != 1 || stats.Disconnects.Load() != 1 || stats.Errors.Load() != 0 || stats.Messages.Load() != 7 {
		t.Error(stats)
	}
}
