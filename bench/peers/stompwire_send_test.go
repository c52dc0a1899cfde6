package peers

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// dialStompwire makes a client of one connection. A sink is no broker; what it answers is in
// order, so the dialect is that of a broker whose receipts are cumulative.
func dialStompwire(tb testing.TB, addr string) *conn.Client {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := conn.Dial(ctx, addr, &conn.Config{
		HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}, Broker: dialect.Embedded,
		OneConnection: true, NoReconnect: true,
	})
	must(tb, err)
	tb.Cleanup(func() { c.Close() })
	return c
}

func stompwireSender(tb testing.TB, addr string) sender {
	c := dialStompwire(tb, addr)
	ctx := context.Background()
	headers := []frame.Field{{Name: frame.HeaderContentType, Value: contentType}}
	return sender{
		send:  func(body []byte) error { return c.Send(ctx, destination, body, headers...) },
		flush: noFlush,
	}
}

func stompwireProducer(tb testing.TB, addr string) sender {
	p, err := dialStompwire(tb, addr).NewProducer(conn.ProducerConfig{
		Destination: destination,
		Headers:     []frame.Field{{Name: frame.HeaderContentType, Value: contentType}},
		Window:      -1,
	})
	must(tb, err)
	ctx := context.Background()
	return sender{
		send: func(body []byte) error {
			_, err := p.Send(ctx, body)
			return err
		},
		flush: noFlush,
	}
}

// stompwireConfirmed asks for a receipt on each frame, or on every so many.
func stompwireConfirmed(every int) func(tb testing.TB, addr string) confirmed {
	return func(tb testing.TB, addr string) confirmed { return confirmedEvery(tb, addr, every) }
}

func confirmedEvery(tb testing.TB, addr string, every int) confirmed {
	c := dialStompwire(tb, addr)
	var outcomes, sum, failed atomic.Int64
	p, err := c.NewProducer(conn.ProducerConfig{
		Destination: destination,
		Headers:     []frame.Field{{Name: frame.HeaderContentType, Value: contentType}},
		Window:      receiptWindow,

		ReceiptEvery: every,
		OnOutcome: func(o conn.Outcome) {
			if o.Status != conn.Confirmed {
				failed.Add(1)
			}
			outcomes.Add(1)
			sum.Add(int64(o.Seq))
		},
	})
	must(tb, err)
	ctx := context.Background()
	last := int64(0)
	return confirmed{
		send: func(body []byte) error {
			seq, err := p.Send(ctx, body)
			last = int64(seq)
			return err
		},
		flush: func() (int64, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			if err := p.Flush(ctx); err != nil {
				return 0, fmt.Errorf("%w: %d of %d have an outcome", err, outcomes.Load(), last)
			}
			// Each sequence number once: their count and their sum tell.
			if failed.Load() > 0 || sum.Load() != last*(last+1)/2 {
				return 0, errors.New("an outcome is missing, repeated or not a confirmation")
			}
			return outcomes.Load(), nil
		},
	}
}
