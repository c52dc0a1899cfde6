package conn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestSendReceipt(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		result := async(func() error {
			return c.SendReceipt(t.Context(), "/queue/a", []byte("body"), frame.Field{Name: "k", Value: "v:w"})
		})
		b.expect("SEND\ndestination:/queue/a\nk:v\\cw\nreceipt:~1\ncontent-length:4\n\nbody^@")
		b.receipt("~1")
		if err := b.await(result); err != nil {
			t.Error(err)
		}
	})
}

// Brokers answer in any order, twice, and about frames that were never sent.
func TestReceiptsInDisorder(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		const n = 5
		waiting := make(map[string]<-chan error)
		for range n {
			result := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
			waiting[header(b.read(), "receipt")] = result
		}
		for _, id := range []string{"~99", "", "~", "~-", "~0-1", "~0-", "r1", "~0", "R1", "~5", "~5", "~3", "~5"} {
			b.receipt(id)
		}
		b.write("RECEIPT\n\n^@")
		for _, id := range []string{"~3", "~5"} {
			if err := b.await(waiting[id]); err != nil {
				t.Error(id, err)
			}
			delete(waiting, id)
		}
		b.write("ERROR\nreceipt-id:~1\nmessage:no such queue\n\n^@")
		var rejected *conn.ServerError
		if err := b.await(waiting["~1"]); !errors.As(err, &rejected) || rejected.Message != "no such queue" {
			t.Error("~1", err)
		}
		delete(waiting, "~1")
		if len(waiting) != n-3 {
			t.Fatal("receipt ids are not ~1 and so on, once each")
		}
		for id, result := range waiting {
			select {
			case err := <-result:
				t.Errorf("%s has an outcome without a receipt: %v", id, err)
			default:
			}
			b.receipt(id)
			if err := b.await(result); err != nil {
				t.Error(id, err)
			}
		}
		if err := c.Err(); err != nil {
			t.Error(err)
		}
	})
}

func TestReceiptThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{ReceiptTimeout: 3 * time.Second})
		start := time.Now()
		result := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		b.read()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) || time.Since(start) != 3*time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result = async(func() error { return c.SendReceipt(ctx, "/queue/a", nil) })
		b.read()
		if err := <-result; !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}

		b.receipt("~1") // too late: no call waits, nothing happens
		result = async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		b.receipt(header(b.read(), "receipt"))
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// A call whose frame has never left says so: it is safe to repeat.
func TestSendReceiptNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		if err := c.Send(t.Context(), "/queue/a", nil); err != nil { // the flusher waits with it for the broker
			t.Fatal(err)
		}
		synctest.Wait()
		result := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		synctest.Wait()
		_ = b.nc.Close()
		if err := <-result; !errors.Is(err, conn.ErrNotSent) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
	})
}

func TestConnectionEndsBeforeTheReceipt(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		calls := []func() error{
			func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) },
			func() error {
				tx, err := c.Begin(t.Context(), "")
				if err != nil {
					return fmt.Errorf("begin: %w", err)
				}
				return tx.Commit(t.Context())
			},
			func() error { return c.SendFrom(t.Context(), "/queue/a", strings.NewReader("x"), 1) },
		}
		var results []<-chan error
		for _, call := range calls {
			results = append(results, async(call))
		}
		for range len(calls) + 1 { // BEGIN and COMMIT
			b.read()
		}
		_ = b.nc.Close()
		for i, result := range results {
			if err := b.await(result); !errors.Is(err, conn.ErrUnknownOutcome) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		<-c.Done()
		for i, call := range calls {
			if err := call(); err == nil || errors.Is(err, conn.ErrUnknownOutcome) {
				t.Errorf("call %d on a client that has ended: %v; nothing was sent, so nothing is unknown", i, err)
			}
		}
	})
}

// What the user chooses for ids confirms nothing of ours: it is told to Trace, and an id of our kind is refused.
func TestReceiptOfTheUsersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan string, 1000)
		c, b := session(t, inBubble, frame.Version12, conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventReceived && e.Frame.Command == frame.CmdReceipt {
				told <- e.Frame.Header.Text(frame.HeaderReceiptID)
			}
		}})
		p, seen := newProducer(t, c, conn.ProducerConfig{})
		sendAll(t, p, "")
		ours := header(b.read(), "receipt")
		waiting := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		waitedFor := header(b.read(), "receipt")

		m := delivered(t, c, b, frame.AckClientIndividual)
		for len(told) > 0 {
			<-told
		}
		token := m.Token()
		tx := begun(t, c, b)
		calls := map[string]func(receipt frame.Field) error{
			"Send":       func(h frame.Field) error { return c.Send(t.Context(), "/queue/b", nil, h) },
			"Send, text": func(h frame.Field) error { return c.Send(t.Context(), "/queue/b", nil, h, conn.Text) },
			"Ack":        func(h frame.Field) error { return m.Ack(h) },
			"Nack":       func(h frame.Field) error { return m.Nack(h) },
			"Token.Ack":  func(h frame.Field) error { return token.Ack(h) },
			"Token.Nack": func(h frame.Field) error { return token.Nack(h) },
			"Tx.Ack":     func(h frame.Field) error { return tx.Ack(token, h) },
			"Tx.Nack":    func(h frame.Field) error { return tx.Nack(token, h) },
		}
		for name, call := range calls {
			command := frame.CmdSend
			if strings.HasSuffix(name, "Ack") {
				command = frame.CmdAck
			} else if strings.HasSuffix(name, "Nack") {
				command = frame.CmdNack
			}
			for _, id := range []string{ours, waitedFor, "~"} {
				err := call(frame.Field{Name: "receipt", Value: id})
				var refused *writer.HeaderError
				if !errors.As(err, &refused) || refused.Command != command || refused.Name != "receipt" {
					t.Errorf("%s with receipt %s: %v", name, id, err)
				}
			}
			for _, id := range []string{"r1", "p0-1", "1", "0-1", ""} {
				if err := call(frame.Field{Name: "receipt", Value: id}); err != nil {
					t.Errorf("%s with receipt %q: %v", name, id, err)
				}
				if got := header(b.read(), "receipt"); got != id {
					t.Errorf("%s with receipt %q asks for %q", name, id, got)
				}
				b.receipt(id)
				if got := <-told; got != id {
					t.Errorf("%q is told, want %q", got, id)
				}
			}
		}
		synctest.Wait()
		if seen.len() != 0 || len(waiting) != 0 {
			t.Errorf("%s, and %d calls have returned", seen, len(waiting))
		}
		b.receipt(waitedFor)
		b.receipt(ours)
		if err := b.await(waiting); err != nil {
			t.Error(err)
		}
		if err := p.Flush(t.Context()); err != nil || seen.String() != "1 confirmed" {
			t.Errorf("%v, %s", err, seen)
		}
		own := frame.Field{Name: "receipt", Value: "mine"}
		for what, err := range map[string]error{
			"SendReceipt": c.SendReceipt(t.Context(), "/queue/a", nil, own),
			"SendFrom":    c.SendFrom(t.Context(), "/queue/a", strings.NewReader(""), 0, own),
			"Tx.Send":     tx.Send(t.Context(), "/queue/a", nil, own),
		} {
			if !errors.Is(err, writer.ErrRefused) {
				t.Errorf("%s, which asks for a receipt itself: %v", what, err)
			}
		}
	})
}
