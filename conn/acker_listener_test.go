package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// onAck is a listener that does something when an ACK goes out.
type onAck func(f *frame.Frame)

func (on onAck) OnSend(_ *conn.Conn, f *frame.Frame) {
	if f.Command == frame.CmdAck {
		on(f)
	}
}

// A listener is told of an Acker's ACK under no lock of it, so it may call it.
func TestAckerIsCalledByItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		var listeners conn.Listeners
		c, b := session(t, inBubble, frame.Version12, conn.Config{Listeners: &listeners})
		acker := conn.NewAcker(conn.AckerConfig{Every: 2, Interval: time.Second})
		var latest *conn.Message
		err := listeners.Set("", onAck(func(f *frame.Frame) {
			told = append(told, f.Header.Text("id"))
			if err := acker.Flush(); err != nil {
				t.Error(err)
			}
			if len(told) == 1 { // the first of the next batch
				if err := acker.Ack(latest); err != nil {
					t.Error(err)
				}
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		b.subscribe(c, frame.AckClient, func(_ context.Context, m *conn.Message) {
			latest = m.Clone()
			if err := acker.Ack(m); err != nil {
				t.Error(err)
			}
		})
		b.write(message("1", "1", "x") + message("1", "2", "x"))
		b.expect("ACK\nid:2\n\n^@")
		b.write(message("1", "3", "x"))
		b.expect("ACK\nid:3\n\n^@")
		b.write(message("1", "4", "x"))
		b.expect("ACK\nid:4\n\n^@") // on the interval
		synctest.Wait()
		if got := fmt.Sprint(told); got != "[2 3 4]" {
			t.Errorf("told of %s", got)
		}
	})
}

// However many call it, an Acker's batches leave in the order of their messages, nothing is acknowledged twice, and the last
// ACK covers the last message; with listeners that call it in turn.
func TestAckerBatchesKeepTheirOrder(t *testing.T) {
	const messages = 5000
	var listeners conn.Listeners
	c, b := session(t, overPipe, frame.Version12, conn.Config{Listeners: &listeners})
	acker := conn.NewAcker(conn.AckerConfig{Every: 7, Interval: time.Millisecond})
	if err := listeners.Set("", onAck(func(*frame.Frame) { _ = acker.Flush() })); err != nil {
		t.Fatal(err)
	}
	b.subscribe(c, frame.AckClient, func(_ context.Context, m *conn.Message) {
		if err := acker.Ack(m); err != nil {
			t.Error(err)
		}
	})
	stop := make(chan struct{})
	var flushers sync.WaitGroup
	for range 3 {
		flushers.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Microsecond):
					if err := acker.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	go func() {
		for i := 1; i <= messages; i++ {
			if _, err := io.WriteString(b.nc, strings.ReplaceAll(message("1", strconv.Itoa(i), "x"), "^@", "\x00")); err != nil {
				return
			}
		}
	}()
	for last := 0; last < messages; {
		text := b.read()
		id, err := strconv.Atoi(header(text, "id"))
		if err != nil || id <= last || id > messages {
			t.Errorf("after %d comes %q", last, text)
			break
		}
		last = id
	}
	close(stop)
	flushers.Wait()
}

// A message of a connection that has ended, acknowledged late, does not take the place of what is pending on the next one.
func TestAckerWithAStaleMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, old := session(t, inBubble, frame.Version12, conn.Config{})
		stale := received(t, before, old, frame.AckClient)
		_ = before.Close()
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		m := received(t, c, b, frame.AckClient)
		acker := conn.NewAcker(conn.AckerConfig{})
		if err := acker.Ack(m); err != nil {
			t.Fatal(err)
		}
		if err := acker.Ack(stale); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a stale message: %v", err)
		}
		b.expect("ACK\nid:a\\c1\n\n^@")
	})
}
