package interop_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// Many wait for a receipt of their own on one connection. RabbitMQ answers in any order.
func TestReceipts(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		c, q := tg.dial(t, nil), queue()
		const senders, each = 8, 10
		var all sync.WaitGroup
		for s := range senders {
			all.Go(func() {
				for i := range each {
					if err := c.SendReceipt(within(t), q, fmt.Appendf(nil, "%d %d", s, i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		in := subscribe(t, c, q, frame.AckAuto)
		var next [senders]int
		for range senders * each {
			m := in.next(t)
			var s, i int
			if _, err := fmt.Sscan(string(m.Body), &s, &i); err != nil {
				t.Fatal(err)
			}
			if i != next[s] {
				t.Fatalf("message %d of sender %d, want %d", i, s, next[s])
			}
			next[s]++
		}
		in.expectEnd(t)
		disconnect(t, c)
	})
}

// outcomes counts what becomes of each send of a producer.
type outcomes struct {
	mu  sync.Mutex
	all map[uint64][]conn.Outcome
}

func (o *outcomes) note(out conn.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = make(map[uint64][]conn.Outcome)
	}
	o.all[out.Seq] = append(o.all[out.Seq], out)
}

// check fails unless the sends 1 to sent have one outcome each, and no other has any. It returns how many are confirmed.
func (o *outcomes) check(t *testing.T, sent uint64) (confirmed int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if uint64(len(o.all)) != sent {
		t.Errorf("%d sends have an outcome, %d were made", len(o.all), sent)
	}
	for seq, outs := range o.all {
		if seq < 1 || seq > sent || len(outs) != 1 {
			t.Fatalf("send %d of %d: outcomes %v", seq, sent, outs)
		}
		if outs[0].Status == conn.Confirmed {
			confirmed++
		}
	}
	return confirmed
}

// Every send of a producer is confirmed once, at any width of the window.
func TestProducer(t *testing.T) {
	overEach(t, func(t *testing.T, tg target) {
		for _, c := range []struct{ window, count int }{{1, 50}, {100, 500}} {
			window, count := c.window, c.count
			t.Run("window="+strconv.Itoa(window), func(t *testing.T) {
				c, q := tg.dial(t, nil), queue()
				var got outcomes
				p, err := c.NewProducer(conn.ProducerConfig{Destination: q, Window: window, OnOutcome: got.note})
				if err != nil {
					t.Fatal(err)
				}
				ctx := within(t)
				for i := range count {
					if _, err := p.Send(ctx, []byte(strconv.Itoa(i+1))); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				if n := got.check(t, uint64(count)); n != count {
					t.Errorf("%d of %d are confirmed", n, count)
				}
				in := subscribe(t, c, q, frame.AckAuto)
				for i := range count {
					in.expect(t, strconv.Itoa(i+1))
				}
				in.expectEnd(t)
				disconnect(t, c)
			})
		}
	})
}
