package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// withoutReceipt takes the receipt header out of a drawn frame.
func withoutReceipt(text string) string {
	return strings.Replace(text, "receipt:"+header(text, "receipt")+"\n", "", 1)
}

// What has no outcome when the connection is lost goes out again first, in order, marked and with the same id.
func TestClientProducerRedelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: func(text string) bool { return body(text) == "2" }}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true, IDHeader: "x-id"})
		odd := frame.Field{Name: "odd:name", Value: "a\nb\\c:d"}
		if _, err := p.Send(t.Context(), []byte("1"), odd); err != nil {
			t.Fatal(err)
		}
		sendAll(t, p, "2", "")
		synctest.Wait()
		if got := seen.String(); got != "2 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		before := s.frames("SEND")
		s.set(func(s *fakeServer) { s.log, s.answer = nil, nil })
		s.cut()
		synctest.Wait()
		sendAll(t, p, "4")
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"SEND 1", "SEND ", "SEND 4"}; !slices.Equal(s.order(), want) {
			t.Fatalf("the broker got %q", s.order())
		}
		if got := seen.String(); got != "2 confirmed, 1 confirmed, 3 confirmed, 4 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		mark := "x-possible-duplicate:true\n"
		prefix := strings.TrimSuffix(header(before[0], "x-id"), "1")
		if len(prefix) < 20 {
			t.Errorf("ids begin with %q: they can be somebody else's", prefix)
		}
		for i, again := range s.frames("SEND")[:2] {
			if want := withoutReceipt(before[2*i]); !strings.Contains(again, mark) ||
				strings.Replace(withoutReceipt(again), mark, "", 1) != want {
				t.Errorf("sent\n%s\nthen\n%s", want, again)
			}
			if id := header(again, "x-id"); id != fmt.Sprint(prefix, 1+2*i) {
				t.Errorf("id %s", id)
			}
		}
		if last := s.frames("SEND")[2]; strings.Contains(last, mark) || header(last, "x-id") != prefix+"4" {
			t.Errorf("new message\n%s", last)
		}
	})
}

// What never left the process is no possible duplicate.
func TestRedeliveryMarksOnlyWhatMayHaveArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
		busy := make(chan struct{})
		s.set(func(s *fakeServer) {
			s.answer = func(string) bool { // the broker reads no more
				s.mu.Unlock()
				<-busy
				s.mu.Lock()
				return false
			}
		})
		for _, body := range []string{"1", "2", "3"} { // 2 is in a write that does not end, 3 waits behind it
			sendAll(t, p, body)
			synctest.Wait()
		}
		s.set(func(s *fakeServer) { s.answer = nil })
		_ = s.latest().nc.Close() // before the broker goes on
		close(busy)
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, text := range s.frames("SEND") {
			got = append(got, body(text)+header(text, "x-possible-duplicate"))
		}
		if want := []string{"1", "1true", "2true", "3"}; !slices.Equal(got, want) {
			t.Errorf("the broker got %q, want %q", got, want)
		}
		if seen.String() != "1 confirmed, 2 confirmed, 3 confirmed" {
			t.Error(seen)
		}
	})
}

// Order and completeness hold over many cuts, each at another place.
func TestRedeliveryKeepsOrderOverCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const cuts, each = 20, 7 // the window has room for all: a broker that is silent makes none
		s := &fakeServer{t: t}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true, InOrder: true, Window: cuts * each})
		n := 0
		for cut := range cuts {
			s.set(func(s *fakeServer) {
				left := cut % (each + 1) // receipts before the broker falls silent
				s.answer = func(string) bool { left--; return left >= 0 }
			})
			for range each {
				n++
				sendAll(t, p, fmt.Sprint(n))
			}
			synctest.Wait()
			s.set(func(s *fakeServer) { s.answer = nil })
			s.cut()
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, o := range seen.all {
			if o.Seq != uint64(i+1) || o.Status != conn.Confirmed {
				t.Fatalf("outcome %d is %+v", i+1, o)
			}
		}
		if len(seen.all) != n {
			t.Errorf("%d outcomes of %d sends", len(seen.all), n)
		}
		first := map[string]bool{} // by body
		highest := 0
		for _, text := range s.frames("SEND") {
			if first[body(text)] {
				continue
			}
			first[body(text)] = true
			if highest++; body(text) != fmt.Sprint(highest) {
				t.Fatalf("the broker got %s for the first time when it should have got %d", body(text), highest)
			}
		}
		if highest != n {
			t.Errorf("%d messages have arrived of %d", highest, n)
		}
	})
}

// After two connections that ended without a word, messages are redelivered one by one. A broker that confirms nothing
// delays that by one receipt timeout, and not by one for each message.
func TestRedeliveryOneByOneWaitsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{ReceiptTimeout: 10 * time.Minute})
		p, _ := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
		sendAll(t, p, "1", "2", "3", "4")
		for range 2 {
			synctest.Wait()
			s.cut()
			time.Sleep(time.Minute)
		}
		before := len(s.frames("SEND"))
		time.Sleep(10 * time.Minute)
		if first, all := before-2*4, len(s.frames("SEND"))-2*4; first != 1 || all != 4 {
			t.Errorf("%d of 4 messages were sent at once, %d after a receipt timeout", first, all)
		}
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A redelivering producer waits for a broker that is away, however long that takes.
func TestRedeliveryOutlivesALongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
		sendAll(t, p, "1", "2")
		synctest.Wait()
		s.set(func(s *fakeServer) { s.refuse, s.answer = -1, nil })
		s.cut()
		time.Sleep(time.Hour)
		if seen.len() != 0 || p.Stats().Pending != 2 {
			t.Errorf("%s; %+v", seen, p.Stats())
		}
		s.set(func(s *fakeServer) { s.refuse = 0 })
		if err := p.Flush(t.Context()); err != nil || seen.String() != "1 confirmed, 2 confirmed" {
			t.Errorf("%v, %s", err, seen)
		}
	})
}

func TestClientProducerWithoutRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{InOrder: true})
		sendAll(t, p, "1", "2")
		synctest.Wait()
		s.set(func(s *fakeServer) { s.log, s.answer = nil, nil })
		s.cut()
		synctest.Wait()
		sendAll(t, p, "3")
		synctest.Wait()
		if got := seen.String(); got != "1 unknown, 2 unknown, 3 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		if err := seen.of(1).Err; !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if want := []string{"SEND 3"}; !slices.Equal(s.order(), want) {
			t.Errorf("the broker got %q", s.order())
		}
		notConfirmed(t, p.Flush(t.Context()), 0, 2, 0)
	})
}

// Timeout counts only while there is a connection, and runs on over the next.
func TestClientProducerDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}})
		begin := time.Now()
		at := map[uint64]time.Duration{}
		p := producer(t, cl, conn.ProducerConfig{Destination: "/queue/a", Timeout: time.Minute, Redeliver: true,
			OnOutcome: func(o conn.Outcome) { at[o.Seq] = time.Since(begin) }})
		sendAll(t, p, "1")
		time.Sleep(10 * time.Second)
		sendAll(t, p, "2")
		s.set(func(s *fakeServer) { s.refuse = -1 })
		synctest.Wait()
		s.cut()
		away := time.Now()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(at) != 0 {
			t.Errorf("given up without a connection after %v", at)
		}
		s.set(func(s *fakeServer) { s.refuse = 0 })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		dials := s.dialled()
		out := dials[len(dials)-1].Sub(away)
		for seq, want := range map[uint64]time.Duration{1: out + time.Minute, 2: out + 70*time.Second} {
			if got := at[seq]; got < want || got > want+time.Second {
				t.Errorf("%d is given up after %v, want %v", seq, got, want)
			}
		}
		s.set(func(s *fakeServer) { s.log = nil })
		s.cut()
		time.Sleep(time.Minute)
		if len(s.order()) != 0 {
			t.Errorf("sent again after the outcome: %q", s.order())
		}
	})
}

// The window is bounded in messages, and the copies in bytes.
func TestClientProducerBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  conn.ProducerConfig
		fits int
	}{
		{"messages", conn.ProducerConfig{Window: 5}, 5},
		{"bytes", conn.ProducerConfig{Redeliver: true, MaxBytes: 4096}, 4},
		{"one that is larger", conn.ProducerConfig{Redeliver: true, MaxBytes: 10}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t, answer: never}
				cl := s.connected(conn.Config{})
				c.cfg.Timeout = time.Hour
				p, seen := newProducer(t, cl, c.cfg)
				for range c.fits {
					sendAll(t, p, strings.Repeat("x", 1000))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if seq, err := p.Send(ctx, make([]byte, 1000)); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("number %d, error %v", seq, err)
				}
				waiting := async(func() error { _, err := p.Send(t.Context(), make([]byte, 1000)); return err })
				synctest.Wait()
				s.set(func(s *fakeServer) { s.answer = nil })
				s.latest().say("RECEIPT\nreceipt-id:" + header(s.frames("SEND")[0], "receipt") + "\n\n^@")
				if err := <-waiting; err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if got, want := seen.String(), fmt.Sprintf("1 confirmed, %d confirmed", c.fits+1); got != want {
					t.Errorf("outcomes %s, want %s", got, want)
				}
			})
		})
	}
}

// impatient ends when it has been looked at too often, as it is not by a sender that waits.
type impatient struct {
	context.Context
	looks atomic.Int32
}

var errImpatient = errors.New("looked at too often")

func (c *impatient) Err() error {
	if c.looks.Add(1) > 1000 {
		return errImpatient
	}
	return c.Context.Err()
}

// Senders that wait for MaxBytes, with room enough in the window, do not wake each other over and over; and all get
// through, in whatever order there comes room for them.
func TestSendersWaitForBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p := producer(t, cl, conn.ProducerConfig{Destination: "/queue/a", Redeliver: true, MaxBytes: 1000, Window: 100})
		size := func(n int) []byte { return []byte(strings.Repeat("x", n)) }
		for _, n := range []int{10, 900} {
			if _, err := p.Send(t.Context(), size(n)); err != nil {
				t.Fatal(err)
			}
		}
		var waits []<-chan error
		for _, n := range []int{700, 600, 500, 400} {
			ctx := &impatient{Context: t.Context()}
			waits = append(waits, async(func() error { _, err := p.Send(ctx, size(n)); return err }))
		}
		synctest.Wait()
		b := s.latest()
		confirm := func(i int) { b.say("RECEIPT\nreceipt-id:" + header(s.frames("SEND")[i], "receipt") + "\n\n^@") }
		confirm(0)
		synctest.Wait()
		if n := len(s.frames("SEND")); n != 2 {
			t.Errorf("%d messages are on their way", n)
		}
		for i := 1; i <= 5; i++ {
			time.Sleep(time.Second)
			synctest.Wait()
			if n := len(s.frames("SEND")); n <= i {
				t.Errorf("nobody has sent message %d", i+1)
				break
			}
			confirm(i)
		}
		for _, result := range waits {
			if err := <-result; err != nil {
				t.Error(err)
			}
		}
	})
}

// Text goes without content-length, the second time too.
func TestClientProducerText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Headers: []frame.Field{conn.Text}, Redeliver: true})
		sendAll(t, p, "text")
		if _, err := p.Send(t.Context(), []byte("a\x00b")); !errors.Is(err, writer.ErrRefused) {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		time.Sleep(time.Second)
		if got := seen.String(); got != "1 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		for _, text := range s.frames("SEND") {
			if strings.Contains(text, "content-length") || body(text) != "text" {
				t.Errorf("sent\n%s", text)
			}
		}
		if n := len(s.frames("SEND")); n != 2 {
			t.Errorf("sent %d times", n)
		}
	})
}

// What the next broker would not take is not sent there, and does not keep the client from coming back.
func TestClientProducerTooLargeForTheNextBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.Config{})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Redeliver: true})
		sendAll(t, p, strings.Repeat("x", 5<<20), "small")
		synctest.Wait()
		s.set(func(s *fakeServer) { s.answer, s.server = nil, "RabbitMQ/4.0.0" })
		s.cut()
		time.Sleep(time.Second)
		if got := seen.String(); got != "1 unknown, 2 confirmed" || !cl.Connected() {
			t.Errorf("outcomes %s, %v", got, cl.Connected())
		}
	})
}

// A producer is restored although what another sends again has filled the outbox to its hard limit.
func TestClientProducerIsRestoredBehindABigOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, server: "stompwire", answer: never}
		cl := s.connected(conn.Config{OneConnection: true, Link: link.Options{HighWater: 1000, HardLimit: 1000}})
		big, seenBig := newProducer(t, cl, conn.ProducerConfig{Window: 10, ReceiptEvery: 5, Redeliver: true})
		small, seenSmall := newProducer(t, cl, conn.ProducerConfig{Window: 10, ReceiptEvery: 5, Redeliver: true})
		sendAll(t, big, strings.Repeat("x", 100_000))
		synctest.Wait()
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := small.Send(ctx, []byte("small")); err != nil {
			t.Error(err)
		}
		for _, p := range []*conn.Producer{big, small} {
			if err := p.Flush(ctx); err != nil {
				t.Error(err)
			}
		}
		if seenBig.String() != "1 confirmed" || seenSmall.String() != "1 confirmed" {
			t.Errorf("outcomes %s; %s", seenBig, seenSmall)
		}
	})
}

// The mark of a duplicate makes it too large to go out again, so no receipt of the next connection confirms it, not even
// one that holds for all frames before.
func TestClientProducerTooLargeToBeMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, server: "stompwire", answer: never}
		cl := s.connected(conn.Config{MaxFrameSize: 1000})
		p, seen := newProducer(t, cl, conn.ProducerConfig{Window: 10, ReceiptEvery: 5, Redeliver: true, InOrder: true})
		most := 1000
		for ; most > 0; most-- {
			if _, err := p.Send(t.Context(), make([]byte, most)); err == nil {
				break
			}
		}
		sendAll(t, p, "small")
		synctest.Wait()
		before := len(s.frames("SEND"))
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		time.Sleep(time.Second)
		if got := seen.String(); got != "1 unknown, 2 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		if again := s.frames("SEND")[before:]; before != 2 || len(again) != 1 || body(again[0]) != "small" {
			t.Errorf("%d frames, then %q", before, again)
		}
	})
}
