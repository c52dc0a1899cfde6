package conn_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestSendReceipt(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		c, b := session(t, tr, frame.Version12, conn.Config{})
		result := async(func() error {
			return c.SendReceipt(t.Context(), "/queue/a", []byte("body"), frame.Field{Name: "k", Value: "v:w"})
		})
		b.expect("SEND\ndestination:/queue/a\nk:v\\cw\nreceipt:r1\ncontent-length:4\n\nbody^@")
		b.receipt("r1")
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
		for _, id := range []string{"r99", "", "p", "p0-1", "p-", "r0", "R1", "r5", "r5", "r3", "r5"} {
			b.receipt(id)
		}
		b.write("RECEIPT\n\n^@")
		for _, id := range []string{"r3", "r5"} {
			if err := b.await(waiting[id]); err != nil {
				t.Error(id, err)
			}
			delete(waiting, id)
		}
		b.write("ERROR\nreceipt-id:r1\nmessage:no such queue\n\n^@")
		var rejected *conn.ServerError
		if err := b.await(waiting["r1"]); !errors.As(err, &rejected) || rejected.Message != "no such queue" {
			t.Error("r1", err)
		}
		delete(waiting, "r1")
		if len(waiting) != n-3 {
			t.Fatal("receipt ids are not r1 and so on, once each")
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

		b.receipt("r1") // too late: nobody waits, nothing happens
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
