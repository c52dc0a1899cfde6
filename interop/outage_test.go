package interop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// R4. A producer that redelivers does not give up while the broker is away, however long that is compared with the time for a
// receipt. One that does not, says what has not been confirmed.
func TestR4BrokerIsAway(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		const receiptTimeout, outage = 50 * time.Millisecond, time.Second
		var b breaker
		c := tg.dialClient(t, func(cfg *conn.Config) { b.broken(cfg); cfg.ReceiptTimeout = receiptTimeout })
		q := queue()
		again := producer(t, c, conn.ProducerConfig{Destination: q, Redeliver: true})
		once := producer(t, c, conn.ProducerConfig{Destination: queue(), Timeout: patience})
		send(t, again, 10)
		send(t, once, 10)
		b.away()
		time.AfterFunc(outage, b.back)
		send(t, again, 10) // which waits for a connection
		if err := again.Flush(within(t)); err != nil {
			t.Errorf("Flush: %v", err)
		}
		var short *conn.OutcomeError
		if err := once.Flush(within(t)); err != nil && !errors.As(err, &short) {
			t.Errorf("Flush: %v", err)
		}
		if s := once.Stats(); (s.Confirmed == 10) != (short == nil) {
			t.Errorf("Flush said %v of %+v", short, s)
		}
		disconnect(t, c)
		in := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
		for seen := map[string]bool{}; len(seen) < 20; {
			seen[string(in.next(t).Body)] = true
		}
	})
}

// R7. The first Subscribe of a client that was connected waits for a broker that is away, and does not end the client.
func TestR7FirstSubscribeWhileTheBrokerIsAway(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		var b breaker
		c, q := tg.dialClient(t, b.broken), queue()
		p := producer(t, c, conn.ProducerConfig{Destination: q, Redeliver: true})
		b.away()
		subscribed, got := make(chan error, 1), make(chan struct{}, 10)
		go func() {
			_, err := c.Subscribe(within(t), q, func(context.Context, *conn.Message) { got <- struct{}{} }, conn.SubscribeOptions{})
			subscribed <- err
		}()
		time.Sleep(500 * time.Millisecond) // for more than three rounds
		b.back()
		if err := <-subscribed; err != nil {
			t.Fatal(err)
		}
		send(t, p, 1)
		select {
		case <-got:
		case <-within(t).Done():
			t.Fatal("no message comes")
		}
		if err := p.Flush(within(t)); err != nil {
			t.Errorf("Flush: %v", err)
		}
		disconnect(t, c)
	})
}

// R7. The first use of a client connects it.
func TestR7FirstUseConnects(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		cfg := tg.config()
		c, err := conn.New(tg.address, &cfg)
		if err != nil {
			t.Fatal(err)
		}
		confirm(t, c, topic(), "first")
		disconnect(t, c)
	})
}
