package interop_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// refusedDestinations are those that the broker refuses a SEND to.
func (tg target) refusedDestinations() []string {
	return append([]string{tg.badDestination}, tg.refusedSends...)
}

// R1. What a producer sends to a destination that the broker refuses is rejected, with what the broker says.
func TestR1RefusedSendOfAProducer(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		for _, to := range tg.refusedDestinations() {
			c := tg.dialClient(t, nil)
			p := producer(t, c, conn.ProducerConfig{Destination: to, Redeliver: true})
			send(t, p, 1)
			rejectedAll(t, p, 1)
			disconnect(t, c)
		}
	})
}

// R3. A producer whose messages the broker refuses does not keep another one of the client from sending.
func TestR3RefusedProducerStopsNobody(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		for _, to := range tg.refusedDestinations() {
			c, q := tg.dialClient(t, nil), queue()
			good := producer(t, c, conn.ProducerConfig{Destination: q, Redeliver: true})
			bad := producer(t, c, conn.ProducerConfig{Destination: to, Redeliver: true})
			const rounds, each = 3, 20
			for range rounds {
				send(t, bad, 1)
				send(t, good, each)
			}
			if err := good.Flush(within(t)); err != nil {
				t.Errorf("Flush of the good one: %v", err)
			}
			rejectedAll(t, bad, rounds)
			if n := good.Stats().Confirmed; n != rounds*each {
				t.Errorf("%d of %d are confirmed", n, rounds*each)
			}
			disconnect(t, c)
			in := subscribe(t, tg.dial(t, nil), q, frame.AckAuto)
			for seen := map[string]bool{}; len(seen) < rounds*each; {
				seen[string(in.next(t).Body)] = true // one may come twice, as a possible duplicate
			}
		}
	})
}

// R5. Commit fails if the broker refuses a part of the transaction, whether it says so before its RECEIPT, with it, or after.
func TestR5CommitOfWhatIsRefused(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		for _, to := range tg.refusedDestinations() {
			overVersions(t, frame.Version11, func(t *testing.T, v frame.Version) {
				c, q := tg.dial(t, version(v)), queue()
				tx := begin(t, c, q, "one")
				err := tx.Send(within(t), to, []byte("refused"))
				if err == nil {
					err = tx.Send(within(t), q, []byte("two"))
				}
				if err == nil {
					err = tx.Commit(within(t))
				}
				var refused *conn.ServerError
				if !errors.As(err, &refused) {
					t.Errorf("%s: Commit: %v, want what the broker says", to, err)
				}
			})
		}
	})
}

func producer(t *testing.T, c *conn.Client, cfg conn.ProducerConfig) *conn.Producer {
	t.Helper()
	p, err := c.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// send sends so many messages, which say their numbers.
func send(t *testing.T, p *conn.Producer, n int) {
	t.Helper()
	before := p.Stats()
	first := before.Confirmed + before.Rejected + before.Unknown + before.NotSent + before.Pending + 1
	for i := range n {
		if _, err := p.Send(within(t), fmt.Append(nil, first+uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// rejectedAll wants all n sends of p rejected, and Flush to say why.
func rejectedAll(t *testing.T, p *conn.Producer, n uint64) {
	t.Helper()
	err := p.Flush(within(t))
	var short *conn.OutcomeError
	var refused *conn.ServerError
	if !errors.As(err, &short) || !errors.As(err, &refused) {
		t.Errorf("Flush: %v, want an OutcomeError with what the broker says", err)
	}
	if s := p.Stats(); s.Rejected != n || s.Confirmed+s.Unknown+s.NotSent+s.Pending > 0 {
		t.Errorf("%+v, want %d rejected", s, n)
	}
}
