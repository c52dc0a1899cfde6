//go:build !race

package conn_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// perRun is how many messages a run of an allocation gate has.
const perRun = 5000

// expectNoAllocs fails if run, which handles perRun messages, takes memory for each of them or each batch, the broker's
// side included. A collection empties the pools, and a reader that falls behind needs more buffers than ever before: that
// is a handful in thousands of messages, and the best of a few runs counts.
func expectNoAllocs(t *testing.T, run func()) {
	t.Helper()
	run() // pools fill, buffers find their size
	const handful = perRun / 500
	got := float64(perRun)
	for try := 0; try < 10 && got > handful; try++ {
		got = min(got, testing.AllocsPerRun(5, run))
	}
	if got > handful {
		t.Errorf("%v allocations for %d messages", got, perRun)
	}
}

// Receiving and acknowledging costs no memory, in any mode and by any way.
func TestAllocConsume(t *testing.T) {
	for _, test := range []struct {
		name string
		ack  frame.AckMode
		pull bool
		each func(t *testing.T) func(m *conn.Message) error
	}{
		{"auto", frame.AckAuto, false, func(*testing.T) func(m *conn.Message) error {
			return func(*conn.Message) error { return nil }
		}},
		{"client", frame.AckClient, false, ackEach},
		{"client-individual", frame.AckClientIndividual, false, ackEach},
		{"nack", frame.AckClientIndividual, false, func(*testing.T) func(m *conn.Message) error {
			return func(m *conn.Message) error { return m.Nack() }
		}},
		{"cumulative, each 50", frame.AckClient, false, func(*testing.T) func(m *conn.Message) error {
			n := 0
			return func(m *conn.Message) error {
				if n++; n%50 == 0 {
					return m.Ack()
				}
				return nil
			}
		}},
		{"batched by an Acker", frame.AckClient, false, func(t *testing.T) func(m *conn.Message) error {
			acker := conn.NewAcker(conn.AckerConfig{Every: 50})
			t.Cleanup(func() { _ = acker.Flush() })
			return acker.Ack
		}},
		{"retained", frame.AckAuto, false, func(*testing.T) func(m *conn.Message) error {
			return func(m *conn.Message) error { m.Retain().Release(); return nil }
		}},
		{"pulled", frame.AckAuto, true, func(*testing.T) func(m *conn.Message) error {
			return func(*conn.Message) error { return nil }
		}},
		{"pulled, client-individual", frame.AckClientIndividual, true, ackEach},
	} {
		t.Run(test.name, func(t *testing.T) {
			wanted := make(chan struct{})
			c := loopbackSession(t, func(nc net.Conn) { deliver(nc, wanted) })
			defer close(wanted)
			each := test.each(t)
			var handled atomic.Int64
			handle := func(m *conn.Message) {
				if err := each(m); err != nil {
					t.Error(err)
				}
				handled.Add(1)
			}
			opts := conn.SubscribeOptions{Ack: test.ack, NoReceipt: true}
			if test.pull {
				co, err := c.Consume(t.Context(), "/queue/a", conn.ConsumeOptions{SubscribeOptions: opts})
				if err != nil {
					t.Fatal(err)
				}
				pulled := make(chan struct{})
				defer func() {
					_ = c.Close()
					<-pulled
				}()
				go func() {
					defer close(pulled)
					for m, err := range co.All(context.Background()) {
						if err != nil {
							return
						}
						handle(m)
					}
				}()
			} else if _, err := c.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { handle(m) }, opts); err != nil {
				t.Fatal(err)
			}
			want := int64(0)
			expectNoAllocs(t, func() {
				want += perRun
				wanted <- struct{}{}
				for handled.Load() < want && c.Err() == nil {
					time.Sleep(100 * time.Microsecond)
				}
			})
			if err := c.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func ackEach(*testing.T) func(m *conn.Message) error {
	return func(m *conn.Message) error { return m.Ack() }
}

// deliver sends perRun messages to subscription 1 each time that they are wanted.
func deliver(nc net.Conn, wanted <-chan struct{}) {
	const batch = 100
	messages := []byte(strings.Repeat("MESSAGE\nsubscription:1\nmessage-id:ID\\c1\nack:1\ndestination:/queue/a\ncontent-length:128\n\n"+
		strings.Repeat("x", 128)+"\x00\n", batch))
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		discard(nc)
	}()
	for range wanted {
		for range perRun / batch {
			if _, err := nc.Write(messages); err != nil {
				break
			}
		}
	}
	<-drained
}

// Publishing costs no memory, confirmed or not, with headers of each message's own or without.
func TestAllocPublish(t *testing.T) {
	body, field := make([]byte, 128), frame.Field{Name: "k", Value: "a:b"}
	type sender func(ctx context.Context) error
	producing := func(cfg conn.ProducerConfig, h ...frame.Field) func(t *testing.T, c *conn.Conn) sender {
		return func(t *testing.T, c *conn.Conn) sender {
			cfg.Destination = "/queue/a"
			p := producer(t, c, cfg)
			return func(ctx context.Context) error {
				_, err := p.Send(ctx, body, h...)
				return err
			}
		}
	}
	for _, test := range []struct {
		name string
		make func(t *testing.T, c *conn.Conn) sender
	}{
		{"Conn.Send", func(_ *testing.T, c *conn.Conn) sender {
			return func(ctx context.Context) error { return c.Send(ctx, "/queue/a", body, field) }
		}},
		{"Conn.SendText", func(_ *testing.T, c *conn.Conn) sender {
			text := []byte(strings.Repeat("x", 128))
			return func(ctx context.Context) error { return c.SendText(ctx, "/queue/a", text, field) }
		}},
		{"precompiled", producing(conn.ProducerConfig{})},
		{"precompiled, a header of its own", producing(conn.ProducerConfig{}, field)},
		{"confirmed in a window", producing(conn.ProducerConfig{Window: 1000}, field)},
		{"confirmed by every 100th", producing(conn.ProducerConfig{Window: 1000, ReceiptEvery: 100, AssumeCumulative: true}, field)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := loopbackSession(t, confirm)
			send := test.make(t, c)
			ctx := context.Background()
			expectNoAllocs(t, func() {
				for range perRun {
					if err := send(ctx); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}
