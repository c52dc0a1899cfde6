package conn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// errorsTo is a Config.Trace that passes ERROR frames on.
func errorsTo(told chan<- *conn.ServerError) func(context.Context, *conn.Event) {
	return func(_ context.Context, e *conn.Event) {
		var err *conn.ServerError
		if e.Kind == conn.EventReceived && errors.As(e.Err, &err) {
			told <- err
		}
	}
}

// "The server MAY send ERROR frames", and some go on after one: RabbitMQ names no receipt in its own.
func TestErrorThatAnswersNothing(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		told := make(chan *conn.ServerError, 10)
		c, b := session(t, tr, frame.Version12, conn.Config{Trace: errorsTo(told)})
		b.write("ERROR\nmessage:odd\nextra:1\\n2\ncontent-length:3\n\na^@b^@")
		b.write("ERROR\nreceipt-id:nobody\nmessage:odder\n\n^@")
		err := <-told
		if err.Message != "odd" || string(err.Body) != "a\x00b" || err.Header.Get("extra") != "1\n2" || err.ReceiptID != "" {
			t.Errorf("%+v, header %q, body %q", err, err.Header, err.Body)
		}
		if err = <-told; err.ReceiptID != "nobody" {
			t.Error(err)
		}
		flush(t, c, b)
		if err := c.Err(); err != nil {
			t.Error(err)
		}
	})
}

// An ERROR without a name belongs to the only call that waits, at once.
func TestErrorWithoutANameAnswersTheOnlyCall(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		waiting := async(func() error { return c.SendReceipt(t.Context(), "/nonsense/x", nil) })
		b.read()
		b.write("ERROR\nmessage:Unknown destination\n\nreason^@")
		var rejected *conn.ServerError
		if err := b.await(waiting); !errors.As(err, &rejected) || string(rejected.Body) != "reason" {
			t.Error(err)
		}
		flush(t, c, b)
	})
}

// An ERROR that names a frame rejects that frame, and nothing else.
func TestErrorThatNamesAFrame(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		first := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		firstID := header(b.read(), "receipt")
		second := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		secondID := header(b.read(), "receipt")
		b.write("ERROR\nreceipt-id:" + firstID + "\nmessage:no\n\n^@")
		b.receipt(secondID)
		var rejected *conn.ServerError
		if err := b.await(first); !errors.As(err, &rejected) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
		if err := b.await(second); err != nil {
			t.Error(err)
		}
		if c.Err() != nil {
			t.Errorf("connection: %v", c.Err())
		}
	})
}

// ERROR and the end of the connection are one event, whose cause is what the broker said.
func TestErrorThenEnd(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		cfg, ends := countEnds(conn.Config{})
		c, b := session(t, tr, frame.Version12, cfg)
		waiting := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		b.read()
		b.write("ERROR\nmessage:going down\n\n^@")
		_ = b.nc.Close()
		for name, err := range map[string]error{"SendReceipt": b.await(waiting), "the end": ends.wait(t, c), "Err": c.Err()} {
			var said *conn.ServerError
			if !errors.As(err, &said) || said.Message != "going down" {
				t.Errorf("%s says %v", name, err)
			}
		}
	})
}

// The same while we are sending, when the broker's reset can overtake what it said.
func TestErrorThenEndWhileSending(t *testing.T) {
	for range 20 {
		cfg, ends := countEnds(conn.Config{Link: link.Options{Linger: overSocket.patience}})
		c, b := session(t, overSocket, frame.Version12, cfg)
		sending := async(func() error {
			for {
				if err := c.Send(t.Context(), "/queue/a", make([]byte, 1000)); err != nil {
					return err
				}
			}
		})
		for range 10 {
			b.read()
		}
		b.write("ERROR\nmessage:going down\n\n^@")
		_ = b.nc.Close()
		if err := b.await(sending); err == nil {
			t.Error("sent on a closed connection")
		}
		if err := <-ends.errs; !errors.As(err, new(*conn.ServerError)) {
			t.Fatalf("OnClose says %v", err)
		}
	}
}

func TestErrorTextIsBounded(t *testing.T) {
	told := make(chan *conn.ServerError, 1)
	_, b := session(t, overPipe, frame.Version12, conn.Config{Trace: errorsTo(told)})
	b.write("ERROR\n\n" + strings.Repeat("long\n", 10000) + "^@")
	err := <-told
	if text := err.Error(); len(text) > 500 || strings.Contains(text, "\n") || len(err.Body) != 50000 {
		t.Errorf("%d bytes of text: %.300s", len(text), text)
	}
}

// An ERROR that the connection has survived is not what ends it later.
func TestErrorLongBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, ends := countEnds(conn.Config{})
		c, b := session(t, inBubble, frame.Version12, cfg)
		b.write("ERROR\nmessage:odd\n\n^@")
		synctest.Wait() // otherwise it could be the answer to what flush sends
		flush(t, c, b)
		time.Sleep(time.Hour)
		_ = b.nc.Close()
		if err := ends.wait(t, c); errors.As(err, new(*conn.ServerError)) || !errors.Is(err, io.EOF) {
			t.Errorf("cause %v; want EOF", err)
		}
	})
}
