package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// clientOutcomes records what a producer reports.
type clientOutcomes struct {
	mu  sync.Mutex
	all []conn.Outcome
}

func (o *clientOutcomes) note(outcome conn.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, outcome)
}

// String lists them in the order of the report, as "1 confirmed, 2 unknown".
func (o *clientOutcomes) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, outcome := range o.all {
		list = append(list, fmt.Sprintf("%d %v", outcome.Seq, outcome.Status))
	}
	return strings.Join(list, ", ")
}

func never(string) bool { return false }

// newProducer returns a producer of /queue/a whose outcomes are recorded.
func newProducer(t testing.TB, cl *conn.Client, cfg conn.ClientProducerConfig) (*conn.ClientProducer, *clientOutcomes) {
	t.Helper()
	var seen clientOutcomes
	cfg.Destination, cfg.OnOutcome = "/queue/a", seen.note
	p, err := cl.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p, &seen
}

func sendAll(t testing.TB, p *conn.ClientProducer, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if _, err := p.Send(t.Context(), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
}

// What has no outcome when the connection is lost goes out again first, in order, marked and with the same id.
func TestClientProducerRedelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: func(text string) bool { return body(text) == "2" }}
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true, IDHeader: "x-id", IDPrefix: "me"})
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
		for i, again := range s.frames("SEND")[:2] {
			if want := stripReceipt(before[2*i]); !strings.Contains(again, mark) ||
				strings.Replace(stripReceipt(again), mark, "", 1) != want {
				t.Errorf("sent\n%s\nthen\n%s", want, again)
			}
			if id := header(again, "x-id"); id != fmt.Sprintf("me-%d", 1+2*i) {
				t.Errorf("id %s", id)
			}
		}
		if last := s.frames("SEND")[2]; strings.Contains(last, mark) || header(last, "x-id") != "me-4" {
			t.Errorf("new message\n%s", last)
		}
	})
}

func TestClientProducerWithoutRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{InOrder: true})
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
		if err := seen.all[0].Err; !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if want := []string{"SEND 3"}; !slices.Equal(s.order(), want) {
			t.Errorf("the broker got %q", s.order())
		}
	})
}

// Receipts come in any order, twice, late, and instead an ERROR may; each send has one outcome.
func TestClientProducerOutcomes(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &fakeServer{t: t, answer: never}
			cl := s.connected(conn.ClientConfig{})
			p, seen := newProducer(t, cl, conn.ClientProducerConfig{InOrder: ordered, Timeout: time.Minute})
			sendAll(t, p, "1", "2", "3", "4")
			synctest.Wait()
			sent := s.frames("SEND")
			receipt := func(i int) { s.latest().say("RECEIPT\nreceipt-id:" + header(sent[i-1], "receipt") + "\n\n^@") }
			receipt(3)
			receipt(3)
			s.latest().say("ERROR\nmessage:no\nreceipt-id:" + header(sent[1], "receipt") + "\n\n^@")
			receipt(1)
			s.latest().say("RECEIPT\nreceipt-id:~0-99\n\n^@RECEIPT\nreceipt-id:~7-1\n\n^@RECEIPT\nreceipt-id:x\n\n^@")
			time.Sleep(2 * time.Minute)
			receipt(4)
			synctest.Wait()
			want := "3 confirmed, 2 rejected, 1 confirmed, 4 unknown"
			if ordered {
				want = "1 confirmed, 2 rejected, 3 confirmed, 4 unknown"
			}
			if got := seen.String(); got != want {
				t.Errorf("outcomes %s, want %s", got, want)
			}
		})
	}
}

func TestClientProducerDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.ClientConfig{})
		begin := time.Now()
		var at [4]time.Duration
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", Timeout: time.Minute, Redeliver: true,
			OnOutcome: func(o conn.Outcome) { at[o.Seq] = time.Since(begin) }})
		if err != nil {
			t.Fatal(err)
		}
		sendAll(t, p, "1")
		time.Sleep(10 * time.Second)
		s.set(func(s *fakeServer) { s.refuse = -1 }) // the clock goes on without a connection
		if _, err := p.SendBy(t.Context(), begin.Add(15*time.Second), []byte("2")); err != nil {
			t.Fatal(err)
		}
		sendAll(t, p, "3")
		synctest.Wait()
		s.cut()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if want := [4]time.Duration{0, time.Minute, 15 * time.Second, 70 * time.Second}; at != want {
			t.Errorf("given up after %v, want %v", at, want)
		}
		s.set(func(s *fakeServer) { s.refuse = 0; s.log = nil })
		time.Sleep(2 * time.Minute)
		if len(s.order()) != 0 {
			t.Errorf("sent again after the outcome: %q", s.order())
		}
	})
}

// The window is bounded in messages, and the copies in bytes.
func TestClientProducerBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  conn.ClientProducerConfig
		fits int
	}{
		{"messages", conn.ClientProducerConfig{Window: 5}, 5},
		{"bytes", conn.ClientProducerConfig{Redeliver: true, MaxBytes: 4096}, 4},
		{"one that is larger", conn.ClientProducerConfig{Redeliver: true, MaxBytes: 10}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t, answer: never}
				cl := s.connected(conn.ClientConfig{})
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

func TestClientProducerResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{})
		r, err := p.SendResult(t.Context(), []byte("a"))
		if err != nil {
			t.Fatal(err)
		}
		if o, err := r.Wait(t.Context()); err != nil || o.Status != conn.Confirmed || o.Seq != 1 {
			t.Errorf("outcome %v, %v", o, err)
		}
		s.set(func(s *fakeServer) { s.answer = never })
		if r, err = p.SendResult(t.Context(), []byte("b")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if o, err := r.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("outcome %v, %v", o, err)
		}
		_ = cl.Close()
		<-r.Done()
		if o, err := r.Wait(t.Context()); err != nil || o.Status != conn.Unknown || !errors.Is(o.Err, net.ErrClosed) {
			t.Errorf("outcome %v, %v", o, err)
		}
		<-cl.Done()
		if got := seen.String(); got != "1 confirmed, 2 unknown" {
			t.Errorf("outcomes %s", got)
		}
		if _, err := p.Send(t.Context(), nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send after the end: %v", err)
		}
	})
}

// Text goes without content-length, the second time too.
func TestClientProducerText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{Text: true, Redeliver: true})
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
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true})
		sendAll(t, p, strings.Repeat("x", 5<<20), "small")
		synctest.Wait()
		s.set(func(s *fakeServer) { s.answer, s.server = nil, "RabbitMQ/4.0.0" })
		s.cut()
		time.Sleep(time.Second)
		if got := seen.String(); got != "1 unknown, 2 confirmed" || !cl.IsConnected() {
			t.Errorf("outcomes %s, %v", got, cl.State())
		}
	})
}

func TestClientProducerRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		cl := s.connected(conn.ClientConfig{})
		for _, cfg := range []conn.ClientProducerConfig{
			{},
			{Destination: "/queue/a", Window: -1},
			{Destination: "/queue/a", Window: conn.MaxWindow + 1},
			{Destination: "/queue/a", Headers: []frame.Field{{Name: "receipt", Value: "1"}}},
			{Destination: "/queue/a", Headers: []frame.Field{{Name: "", Value: "1"}}},
			{Destination: "/queue/a", IDHeader: "content-length"},
		} {
			if _, err := cl.NewProducer(cfg); err == nil {
				t.Errorf("%+v: no error", cfg)
			}
		}
		p, _ := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true})
		if _, err := p.Send(t.Context(), nil, frame.Field{Name: "receipt", Value: "1"}); err == nil {
			t.Error("a receipt header of the user is sent")
		}
		if _, err := p.Send(t.Context(), nil, frame.Field{Name: "", Value: "1"}); err == nil {
			t.Error("an empty name is sent")
		}
		if seq, err := p.Send(t.Context(), nil); seq != 1 || err != nil {
			t.Errorf("what was refused took a number: %d, %v", seq, err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := p.Send(t.Context(), nil); !errors.Is(err, conn.ErrDisconnecting) {
			t.Errorf("Send after Close: %v", err)
		}
	})
}

// Disconnect waits for the outcomes, over a reconnect if need be, and nothing follows DISCONNECT.
func TestClientDisconnectDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t, answer: never}
		cl := s.connected(conn.ClientConfig{})
		p, seen := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true})
		sendAll(t, p, "1", "2")
		gone := async(func() error { return cl.Disconnect(t.Context()) })
		time.Sleep(time.Second)
		if _, err := p.Send(t.Context(), nil); !errors.Is(err, conn.ErrDisconnecting) {
			t.Errorf("Send while disconnecting: %v", err)
		}
		s.set(func(s *fakeServer) { s.answer = nil })
		s.cut()
		if err := <-gone; err != nil {
			t.Error(err)
		}
		if got := seen.String(); got != "1 confirmed, 2 confirmed" {
			t.Errorf("outcomes %s", got)
		}
		if want := []string{"SEND 1", "SEND 2", "SEND 1", "SEND 2", "DISCONNECT"}; !slices.Equal(s.order(), want) {
			t.Errorf("the broker got %q", s.order())
		}
	})
}
