package conn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// RabbitMQ keeps what it has delivered to a subscription that ends. If the context of Subscribe ends before the answer, the client
// gives that back, and the id is free after that (R6).
func TestWithdrawnSubscribeGivesBack(t *testing.T) {
	c, b := rabbit(t, conn.Config{})
	opts := conn.SubscribeOptions{ID: "x", Ack: frame.AckClientIndividual, OnEnd: func(_ *conn.Subscription, err error) {
		t.Errorf("told %v", err)
	}}
	ctx, cancel := context.WithCancel(t.Context())
	first := async(func() error {
		_, err := c.Consume(ctx, "/queue/a", opts)
		return err
	})
	asked := b.read()
	b.write(strings.ReplaceAll("MESSAGE\nsubscription:x\nmessage-id:ID\nack:ID\n\nm^@", "ID", "T_x@@s@@1"))
	cancel()
	if err := b.await(first); !errors.Is(err, context.Canceled) || !errors.Is(err, conn.ErrUnknownOutcome) || errors.Is(err, conn.ErrNotConnected) {
		t.Error(err)
	}
	if _, err := c.Consume(ctx, "/queue/a", opts); !errors.Is(err, context.Canceled) {
		t.Error("while the id is in use:", err)
	}
	second := async(func() error {
		_, err := c.Consume(t.Context(), "/queue/a", opts)
		return err
	})
	b.receipt(header(asked, "receipt"))
	receipt := b.takeOver([]string{"T_x@@s@@1"})
	b.write(strings.ReplaceAll("MESSAGE\nsubscription:x\nmessage-id:ID\nack:ID\n\nm^@", "ID", "T_x@@s@@2"))
	b.expect("NACK\nid:T_x@@s@@2\n\n^@")
	b.receipt(receipt)
	b.endTakenOver()
	text := b.read()
	if !strings.HasPrefix(text, "SUBSCRIBE\nid:x\ndestination:/queue/a\n") {
		t.Errorf("got %q", text)
	}
	b.receipt(header(text, "receipt"))
	if err := b.await(second); err != nil {
		t.Error(err)
	}
}

// The same goes for a subscription that is not answered in time.
func TestUnansweredSubscribeGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, result := open(t, inBubble, conn.Config{ReceiptTimeout: time.Second})
		b.read()
		b.write("CONNECTED\nversion:1.2\nserver:RabbitMQ/3.10.8\n\n^@")
		c := (<-result).c
		defer c.Close()
		subscribed := async(func() error {
			_, err := c.Subscribe(t.Context(), "/queue/a", ignore, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
			return err
		})
		b.read()
		receipt := b.takeOver(nil)
		if err := <-subscribed; !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Error(err)
		}
		synctest.Wait()
		b.write("MESSAGE\nsubscription:1\nmessage-id:T_1@@s@@1\nack:T_1@@s@@1\n\nm^@")
		b.expect("NACK\nid:T_1@@s@@1\n\n^@")
		b.receipt(receipt)
		b.endTakenOver()
	})
}

// The id of a subscription whose Unsubscribe has timed out is free once the broker has confirmed the end.
func TestSubscribeWaitsForItsID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		opts := conn.SubscribeOptions{ID: "x"}
		first := subscription(b, c, opts, ignore)
		ended := async(func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return first.Unsubscribe(ctx)
		})
		text := b.read()
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		<-first.Done()
		second := async(func() error {
			_, err := c.Subscribe(t.Context(), "/queue/a", ignore, opts)
			return err
		})
		synctest.Wait()
		b.receipt(header(text, "receipt"))
		b.receipt(header(b.read(), "receipt"))
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}
