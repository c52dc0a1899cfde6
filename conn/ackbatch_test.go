package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// ackInterval is how long after the first message a batch that is not full is acknowledged.
const ackInterval = 100 * time.Millisecond

// subscribeBatched makes subscription 1 on /queue/a, whose Acks gather.
func (b *fakeBroker) subscribeBatched(c *conn.Client, every int, h conn.MessageHandler) {
	b.t.Helper()
	result := async(func() error {
		_, err := c.Subscribe(context.Background(), "/queue/a", h, conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: every})
		return err
	})
	b.receipt(header(b.read(), "receipt"))
	if err := b.await(result); err != nil {
		b.t.Fatal(err)
	}
}

// acked returns the ids of the ACKs that have come.
func (s *fakeServer) acked() (ids []string) {
	synctest.Wait()
	for _, text := range s.frames("ACK") {
		ids = append(ids, header(text, "id"))
	}
	return ids
}

func TestAckEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{OneConnection: true})
		_, err := c.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
		}, conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 10})
		if err != nil {
			t.Fatal(err)
		}
		say := func(from, to int) {
			for i := from; i <= to; i++ {
				s.latest().say(message("1", fmt.Sprint(i), "x"))
			}
		}
		say(1, 25)
		if got := s.acked(); !slices.Equal(got, []string{"10", "20"}) {
			t.Errorf("acknowledged %q", got)
		}
		time.Sleep(ackInterval - 1)
		if got := s.acked(); len(got) != 2 {
			t.Errorf("acknowledged %q too early", got)
		}
		time.Sleep(time.Nanosecond)
		if got := s.acked(); !slices.Equal(got, []string{"10", "20", "25"}) {
			t.Errorf("acknowledged %q on the interval", got)
		}
		// What is pending when the connection is lost is delivered again, and does not count on the next one.
		say(28, 30)
		synctest.Wait()
		s.cut()
		time.Sleep(time.Second)
		say(31, 40)
		if got := s.acked(); !slices.Equal(got[3:], []string{"40"}) {
			t.Errorf("acknowledged %q after the loss", got)
		}
	})
}

// What else is said about a message comes after the batch: a cumulative NACK would refuse what is in it, and a later ACK of
// what is acknowledged already is an ERROR on most brokers.
func TestAckEveryKeepsTheOrder(t *testing.T) {
	h := frame.Field{Name: "k", Value: "v"}
	const batch = "ACK\nid:2\n\n^@"
	for name, c := range map[string]struct {
		say  func(m *conn.Message) error
		want []string
	}{
		"Nack":       {func(m *conn.Message) error { return m.Nack() }, []string{batch, "NACK\nid:3\n\n^@"}},
		"Ack(h)":     {func(m *conn.Message) error { return m.Ack(h) }, []string{batch, "ACK\nid:3\nk:v\n\n^@"}},
		"Token.Ack":  {func(m *conn.Message) error { return m.Token().Ack() }, []string{batch, "ACK\nid:3\n\n^@"}},
		"Token.Nack": {func(m *conn.Message) error { return m.Token().Nack() }, []string{batch, "NACK\nid:3\n\n^@"}},
		"Tx.Ack": {func(m *conn.Message) error {
			tx, err := m.Begin(context.Background())
			if err != nil {
				return err
			}
			return tx.Ack(m.Token())
		}, []string{"BEGIN\ntransaction:t1\n\n^@", batch, "ACK\nid:3\ntransaction:t1\n\n^@"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b := session(t, inBubble, frame.Version12, conn.Config{})
				b.subscribeBatched(s, 10, func(_ context.Context, m *conn.Message) {
					say := func(m *conn.Message) error { return m.Ack() }
					if string(m.Header.Get("message-id")) == "3" {
						say = c.say
					}
					if err := say(m); err != nil {
						t.Error(err)
					}
				})
				for i := 1; i <= 3; i++ {
					b.write(message("1", fmt.Sprint(i), "x"))
				}
				for _, want := range c.want {
					b.expect(want)
				}
				time.Sleep(time.Second) // nothing is left for the interval
				flush(t, s, b)
			})
		})
	}
}

// A batch that finds the outbox full stays pending, and leaves when there is room.
func TestAckEveryWithAFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 100, HardLimit: 1000}})
		acked := make(chan error, 10)
		b.subscribeBatched(c, 2, func(_ context.Context, m *conn.Message) {
			for m.Token().Ack() == nil { // until nothing more fits
			}
			acked <- m.Ack()
		})
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the flusher has that, and waits for the broker
		b.write(message("1", "1", "x"))
		b.write(message("1", "2", "x"))
		if err := <-acked; err != nil {
			t.Errorf("the first of a batch: %v", err)
		}
		if err := <-acked; !errors.Is(err, link.ErrOutboxFull) {
			t.Errorf("the last of a batch: %v", err)
		}
		time.Sleep(5 * time.Second) // it is tried again
		var last string
		go func() { // the ACKs of the handler, and then the batch
			for {
				text, err := b.next()
				if err != nil {
					return
				}
				last = text
			}
		}()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := "ACK\nid:2\n\n^@"; last != want {
			t.Errorf("the broker got %q last", last)
		}
		_ = c.Close()
	})
}

// Each subscription has its own batch.
func TestAckEveryOfTwoSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{OneConnection: true})
		for _, destination := range []string{"/queue/a", "/queue/b"} {
			_, err := c.Subscribe(t.Context(), destination, func(_ context.Context, m *conn.Message) {
				if err := m.Ack(); err != nil {
					t.Error(err)
				}
			}, conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 3})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range strings.Split("1 1 2 1 2 2 2 1", " ") {
			s.latest().say(message(id, fmt.Sprint(i), "x"))
		}
		time.Sleep(ackInterval)
		got := s.acked()
		slices.Sort(got[2:]) // the two that are not full have the same interval
		if want := []string{"3", "5", "6", "7"}; !slices.Equal(got, want) {
			t.Errorf("acknowledged %q, want %q", got, want)
		}
	})
}

// Config.Trace is told of a batch without a lock of it, so it may acknowledge.
func TestAckEveryIsTracedWithoutALock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		latest := make(chan *conn.Message, 10)
		c, b := session(t, inBubble, frame.Version12, conn.Config{Trace: func(_ context.Context, e *conn.Event) {
			if e.Kind != conn.EventSend || e.Frame.Command != frame.CmdAck {
				return
			}
			told = append(told, e.Frame.Header.Text("id"))
			if len(told) == 1 { // the first of the next batch
				m := <-latest
				if err := m.Ack(); err != nil {
					t.Error(err)
				}
				m.Release()
			}
		}})
		b.subscribeBatched(c, 2, func(_ context.Context, m *conn.Message) {
			if id := string(m.Header.Get("message-id")); id == "2" {
				latest <- m.Retain()
			}
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
		})
		b.write(message("1", "1", "x") + message("1", "2", "x"))
		b.expect("ACK\nid:2\n\n^@")
		b.write(message("1", "3", "x"))
		b.expect("ACK\nid:3\n\n^@")
		b.write(message("1", "4", "x"))
		b.expect("ACK\nid:4\n\n^@") // on the interval
		synctest.Wait()
		if got := fmt.Sprint(told); got != "[2 3 4]" {
			t.Errorf("told of %s", got)
		}
	})
}

// Batches that are full and those of the interval leave in the order of their messages, nothing is acknowledged twice, and
// the last ACK covers the last message.
func TestAckEveryBatchesKeepTheirOrder(t *testing.T) {
	const messages = 5000
	c, b := session(t, overPipe, frame.Version12, conn.Config{})
	b.subscribeBatched(c, 7, func(_ context.Context, m *conn.Message) {
		if err := m.Ack(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for i := 1; i <= messages; i++ {
			if _, err := io.WriteString(b.nc, strings.ReplaceAll(message("1", strconv.Itoa(i), "x"), "^@", "\x00")); err != nil {
				return
			}
		}
	}()
	for last := 0; last < messages; {
		text := b.read()
		id, err := strconv.Atoi(header(text, "id"))
		if err != nil || id <= last || id > messages {
			t.Errorf("after %d comes %q", last, text)
			break
		}
		last = id
	}
}

// A message of a connection that has ended, acknowledged late, does not take the place of what is pending on the next one.
func TestAckEveryWithAStaleMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		c := s.connected(conn.Config{OneConnection: true})
		got := make(chan *conn.Message, 1)
		_, err := c.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) { got <- m.Retain() },
			conn.SubscribeOptions{Ack: frame.AckClient, AckEvery: 10})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "old", "x"))
		stale := <-got
		defer stale.Release()
		s.cut()
		time.Sleep(time.Second)
		s.latest().say(message("1", "new", "x"))
		m := <-got
		defer m.Release()
		if err := m.Ack(); err != nil {
			t.Fatal(err)
		}
		if err := stale.Ack(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a stale message: %v", err)
		}
		time.Sleep(ackInterval)
		if got := s.acked(); !slices.Equal(got, []string{"new"}) {
			t.Errorf("acknowledged %q", got)
		}
	})
}

// What AckEvery has gathered goes out before UNSUBSCRIBE. After that there is nothing to acknowledge.
func TestUnsubscribeFlushesTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{})
		got := make(chan *conn.Message, 10)
		b.subscribeBatched(c, 10, func(_ context.Context, m *conn.Message) {
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
			got <- m.Retain()
		})
		var sub *conn.Subscription
		for i := range 3 {
			b.write(message("1", fmt.Sprint(i+1), "x"))
			m := <-got
			defer m.Release()
			sub = m.Subscription()
			defer func() {
				if err := m.Ack(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Ack after Unsubscribe: %v", err)
				}
			}()
		}
		result := async(func() error { return sub.Unsubscribe(t.Context()) })
		b.expect("ACK\nid:3\n\n^@")
		text := b.read()
		if !strings.HasPrefix(text, "UNSUBSCRIBE\nid:1\n") {
			t.Fatalf("got %q", text)
		}
		b.write(message("1", "4", "x")) // was on its way
		b.receipt(header(text, "receipt"))
		if err := b.await(result); err != nil || len(got) != 0 {
			t.Errorf("%v, and %d messages were handled", err, len(got))
		}
	})
}

// While the outbox is full, Unsubscribe waits for room for the batch.
func TestUnsubscribeWithAFullOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 100, HardLimit: 1000}})
		acked := make(chan error, 10)
		var sub *conn.Subscription
		b.subscribeBatched(c, 10, func(_ context.Context, m *conn.Message) {
			sub = m.Subscription()
			for m.Token().Ack() == nil { // until nothing more fits
			}
			acked <- m.Ack()
		})
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the flusher has that, and waits for the broker
		b.write(message("1", "1", "x"))
		b.write(message("1", "2", "x"))
		for range 2 {
			if err := <-acked; err != nil {
				t.Fatal(err)
			}
		}
		result := async(func() error { return sub.Unsubscribe(t.Context()) })
		synctest.Wait()
		last := ""
		for {
			text := b.read()
			if strings.HasPrefix(text, "UNSUBSCRIBE\n") {
				b.receipt(header(text, "receipt"))
				break
			}
			last = text
		}
		if err := <-result; err != nil || last != "ACK\nid:2\n\n^@" {
			t.Errorf("error %v; before UNSUBSCRIBE came %q", err, last)
		}
	})
}
