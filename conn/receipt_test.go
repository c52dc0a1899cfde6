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

// Brokers answer in any order, twice, and about frames that nobody sent.
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

		b.receipt("~1") // too late: nobody waits, nothing happens
		result = async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		b.receipt(header(b.read(), "receipt"))
		if err := <-result; err != nil {
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
				_, err := c.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{})
				return err
			},
			func() error {
				tx, err := c.Begin(t.Context(), "")
				if err != nil {
					return fmt.Errorf("begin: %w", err)
				}
				return tx.Commit(t.Context())
			},
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
		for i, call := range calls {
			if err := call(); err == nil || errors.Is(err, conn.ErrUnknownOutcome) {
				t.Errorf("call %d on a closed connection: %v; nothing was sent, so nothing is unknown", i, err)
			}
		}
	})
}

// A receipt header of the user's would answer to nobody, or to somebody else.
func TestReceiptHeaderIsOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{ReceiptTimeout: time.Second})
		go func() {
			for {
				text, err := b.next()
				if err != nil {
					return
				}
				b.receipt(header(text, "receipt"))
			}
		}()
		own := frame.Field{Name: "receipt", Value: "mine"}
		if err := c.SendReceipt(t.Context(), "/queue/a", nil, own); errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("SendReceipt with a receipt header: %v; want a refusal, or that it works", err)
		}
	})
}

// What the user chooses for ids confirms nothing of ours: it is told to listeners, and an id of our kind is refused.
func TestReceiptOfTheUsersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var listeners conn.Listeners
		told := conn.NewWaitingListener("r1")
		if err := listeners.Set("", told); err != nil {
			t.Fatal(err)
		}
		c, b := session(t, inBubble, frame.Version12, conn.Config{Listeners: &listeners})
		var outcomes []conn.Outcome
		p := producer(t, c, conn.ProducerConfig{Destination: "/queue/a", Window: 10,
			OnOutcome: func(o conn.Outcome) { outcomes = append(outcomes, o) }})
		if _, err := p.Send(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ours := header(b.read(), "receipt")
		waiting := async(func() error { return c.SendReceipt(t.Context(), "/queue/a", nil) })
		waitedFor := header(b.read(), "receipt")

		m := &conn.Message{}
		b.subscribe(c, frame.AckClientIndividual, func(_ context.Context, got *conn.Message) { m = got.Clone() })
		b.write(message("1", "m1", "x"))
		synctest.Wait()
		tx, err := c.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		b.read()
		calls := map[string]func(receipt frame.Field) error{
			"Send":     func(h frame.Field) error { return c.Send(t.Context(), "/queue/b", nil, h) },
			"SendText": func(h frame.Field) error { return c.SendText(t.Context(), "/queue/b", nil, h) },
			"SendFrom": func(h frame.Field) error { return c.SendFrom(t.Context(), "/queue/b", strings.NewReader(""), 0, h) },
			"Ack":      func(h frame.Field) error { return m.Ack(h) },
			"Nack":     func(h frame.Field) error { return m.Nack(h) },
			"Tx.Send":  func(h frame.Field) error { return tx.Send(t.Context(), "/queue/b", nil, h) },
			"Tx.Ack":   func(h frame.Field) error { return tx.Ack(m, h) },
			"Tx.Nack":  func(h frame.Field) error { return tx.Nack(m, h) },
		}
		commands := map[string]frame.Command{"Ack": frame.CmdAck, "Nack": frame.CmdNack, "Tx.Ack": frame.CmdAck, "Tx.Nack": frame.CmdNack}
		for name, call := range calls {
			command := frame.CmdSend
			if other, ok := commands[name]; ok {
				command = other
			}
			for _, id := range []string{ours, waitedFor, "~"} {
				err := call(frame.Field{Name: "receipt", Value: id})
				var refused *writer.HeaderError
				if !errors.Is(err, conn.ErrReceiptID) || !errors.As(err, &refused) || refused.Command != command {
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
			}
		}
		if err := told.WaitReceipt(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(outcomes) != 0 || len(waiting) != 0 {
			t.Errorf("%+v, and %d calls have returned", outcomes, len(waiting))
		}
		b.receipt(waitedFor)
		b.receipt(ours)
		if err := b.await(waiting); err != nil {
			t.Error(err)
		}
		if err := p.Flush(t.Context()); err != nil || status(outcomes) != "1 confirmed " {
			t.Errorf("%v, %s", err, status(outcomes))
		}
	})
}
