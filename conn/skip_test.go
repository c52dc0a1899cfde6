package conn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// tight are limits that short messages exceed.
var tight = frame.Limits{HeaderLine: 64, Headers: 8, HeaderBlock: 300, Body: 10}

// oversized are messages above tight: what is behind their ids.
var oversized = []struct {
	name, rest string
	what       error
}{
	{"too many lines", strings.Repeat("h:v\n", 20) + "\nbody^@", frame.ErrTooManyHeaders},
	{"a line too long", "h:" + strings.Repeat("v", 5000) + "\ncontent-length:3\n\n^@^@^@^@", frame.ErrHeaderLineTooLong},
	{"a block too large", strings.Repeat("h:"+strings.Repeat("v", 60)+"\n", 4) + "\n^@", frame.ErrHeaderBlockTooLong},
	{"header and body", strings.Repeat("h:v\n", 20) + "content-length:20\n\n" + strings.Repeat("^@", 21), frame.ErrTooManyHeaders},
	{"a body too long", "\n01234567890^@", frame.ErrBodyTooLong},
}

// ackModes are those of a version.
func ackModes(v frame.Version) []frame.AckMode {
	if v == frame.Version10 {
		return []frame.AckMode{frame.AckAuto, frame.AckClient}
	}
	return []frame.AckMode{frame.AckAuto, frame.AckClient, frame.AckClientIndividual}
}

// skippedBy adds to cfg the limits, and where what is skipped is told.
func skippedBy(cfg conn.Config) (conn.Config, <-chan string) {
	skipped := make(chan string, 100)
	cfg.Link = link.Options{Limits: tight}
	cfg.Trace = func(_ context.Context, e *conn.Event) {
		if e.Kind == conn.EventSkipped {
			var limit *frame.LimitError
			if e.Subscription == nil || !errors.As(e.Err, &limit) {
				limit = &frame.LimitError{}
			}
			skipped <- fmt.Sprintf("%s: %v", e.Message.Header.Get("message-id"), limit.What)
		}
	}
	return cfg, skipped
}

// A message above a limit is told once, what is behind it is delivered, and it is refused where NACK means it alone (R3).
func TestOversizeMessageIsSkipped(t *testing.T) {
	for _, c := range []struct {
		server string
		nack   map[frame.AckMode]string // headers of NACK behind its id; without one there is no NACK
	}{
		{"", map[frame.AckMode]string{frame.AckClientIndividual: ""}},
		{"RabbitMQ/3.10.8", map[frame.AckMode]string{frame.AckClient: "requeue:false\n", frame.AckClientIndividual: "requeue:false\n"}},
		{"ActiveMQ/5.17.2", map[frame.AckMode]string{frame.AckClient: "", frame.AckClientIndividual: ""}},
		{"ActiveMQ-Artemis/2.44.0", map[frame.AckMode]string{frame.AckClientIndividual: ""}},
	} {
		for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
			for _, mode := range ackModes(v) {
				t.Run(fmt.Sprintf("server=%s/version=%v/ack=%v", c.server, v, mode), func(t *testing.T) {
					cfg, skipped := skippedBy(conn.Config{})
					got := make(chan string, 100)
					b, result := open(t, overPipe, cfg)
					b.read()
					b.write("CONNECTED\nversion:" + v.String() + "\nserver:" + c.server + "\n\n^@")
					opened := <-result
					if opened.err != nil {
						t.Fatal(opened.err)
					}
					s := opened.c
					t.Cleanup(func() { _ = s.Close() })
					b.subscribe(s, mode, func(_ context.Context, m *conn.Message) { got <- string(m.Body) })
					nack, ok := c.nack[mode]
					ok = ok && v != frame.Version10
					deliver := func(id, rest string) {
						b.write("MESSAGE\nsubscription:1\nmessage-id:" + id + "\nack:" + id + "\ndestination:/queue/a\n" + rest)
					}
					for i, o := range oversized {
						id := fmt.Sprint("s@@x@@", i)
						deliver(fmt.Sprint("s@@x@@1", i), "\nbefore^@") // and it is not acknowledged
						deliver(id, o.rest)
						deliver(fmt.Sprint("s@@x@@2", i), "\nbehind^@")
						switch {
						case !ok:
						case v == frame.Version11:
							b.expect("NACK\nmessage-id:" + id + "\nsubscription:1\n" + nack + "\n^@")
						default:
							b.expect("NACK\nid:" + id + "\n" + nack + "\n^@")
						}
						if told, want := <-skipped, id+": "+o.what.Error(); told != want {
							t.Errorf("%s: told %q; want %q", o.name, told, want)
						}
						if before, behind := <-got, <-got; before != "before" || behind != "behind" {
							t.Errorf("%s: got %q, %q", o.name, before, behind)
						}
					}
					flush(t, s, b) // nothing else was sent
					if len(skipped) > 0 || len(got) > 0 {
						t.Errorf("told %d times too often, %d messages too much", len(skipped), len(got))
					}
					if n := s.Stats().Skipped; n != uint64(len(oversized)) {
						t.Errorf("%d are counted, want %d", n, len(oversized))
					}
				})
			}
		}
	}
}

// A message for a subscription that is not known, with its ids behind the limit, is told, and the connection lives (R3).
func TestOversizeMessageWithoutIDs(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		told := make(chan *conn.Event, 1)
		cfg := conn.Config{Link: link.Options{Limits: tight}}
		cfg.Trace = func(_ context.Context, e *conn.Event) {
			if e.Kind == conn.EventSkipped {
				told <- &conn.Event{Subscription: e.Subscription, Err: e.Err}
			}
		}
		s, b := session(t, tr, frame.Version12, cfg)
		got := make(chan string, 1)
		b.subscribe(s, frame.AckClientIndividual, func(_ context.Context, m *conn.Message) { got <- string(m.Body) })
		b.write("MESSAGE\n" + strings.Repeat("h:v\n", 20) + "subscription:1\nmessage-id:1\nack:1\n\n^@")
		b.write("MESSAGE\nsubscription:1\nmessage-id:2\nack:2\n\nbehind^@")
		if e := <-told; e.Subscription != nil || !errors.Is(e.Err, frame.ErrTooManyHeaders) {
			t.Errorf("told %+v", e)
		}
		if body := <-got; body != "behind" {
			t.Errorf("got %q", body)
		}
		flush(t, s, b)
	})
}

// A header above a limit of anything but a message ends the connection: what it answered would stay open (R3).
func TestOversizeHeaderOfAnotherFrame(t *testing.T) {
	for _, wire := range []string{"RECEIPT\nreceipt-id:1\n", "ERROR\nmessage:no\n"} {
		cfg, ends := countEnds(conn.Config{Link: link.Options{Limits: tight}})
		s, b := session(t, overPipe, frame.Version12, cfg)
		b.write(wire + "h:" + strings.Repeat("v", 63))
		b.expectEnd()
		if err := ends.wait(t, s); !errors.Is(err, frame.ErrHeaderLineTooLong) {
			t.Errorf("%q: %v", wire, err)
		}
	}
}

// Over a broker: a message above the limits of one client does not hold up those behind it, the connection lives, and it
// does not come for ever: NACK, or ACK in 1.0, takes it off the queue (R3).
func TestOversizeMessageDoesNotLoop(t *testing.T) {
	const redeliveries = 2
	for _, v := range []frame.Version{frame.Version10, frame.Version11, frame.Version12} {
		for _, mode := range ackModes(v) {
			t.Run(fmt.Sprintf("version=%v/ack=%v", v, mode), func(t *testing.T) {
				srv, err := broker.Start(broker.Config{MaxRedeliveries: redeliveries})
				if err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				cfg, skipped := skippedBy(conn.Config{Versions: frame.VersionsOf(v), OneConnection: true, NoReconnect: true})
				cfg.Link.Limits = frame.Limits{Headers: 20}
				reader, err := conn.Dial(ctx, srv.Addr().String(), &cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer reader.Close()
				sender, err := conn.Dial(ctx, srv.Addr().String(), &conn.Config{})
				if err != nil {
					t.Fatal(err)
				}
				defer sender.Close()
				got := make(chan string, 10)
				handle := func(_ context.Context, m *conn.Message) {
					if mode != frame.AckAuto {
						if err := m.Ack(); err != nil {
							t.Error(err)
						}
					}
					got <- string(m.Body)
				}
				sub, err := reader.Subscribe(ctx, "/queue/a", handle, conn.SubscribeOptions{Ack: mode})
				if err != nil {
					t.Fatal(err)
				}
				send := func(body string, h ...frame.Field) {
					t.Helper()
					if err := sender.SendReceipt(ctx, "/queue/a", []byte(body), h...); err != nil {
						t.Fatal(err)
					}
				}
				wait := func(from <-chan string) string {
					t.Helper()
					select {
					case text := <-from:
						return text
					case <-ctx.Done():
						t.Fatal("nothing comes; connection:", reader.Err())
						return ""
					}
				}
				var many []frame.Field
				for i := range 30 {
					many = append(many, frame.Field{Name: fmt.Sprint("h", i), Value: "v"})
				}
				send("before")
				send("large", many...)
				send("behind")
				if before, behind := wait(got), wait(got); before != "before" || behind != "behind" {
					t.Errorf("got %q, %q", before, behind)
				}
				times := 1
				if mode != frame.AckAuto && v != frame.Version10 {
					times += redeliveries // then the broker puts it aside
				}
				for range times {
					if told := wait(skipped); !strings.Contains(told, frame.ErrTooManyHeaders.Error()) {
						t.Errorf("told %q", told)
					}
				}
				send("end")
				if end := wait(got); end != "end" {
					t.Errorf("got %q", end)
				}
				if err := sub.Unsubscribe(ctx); err != nil {
					t.Error(err)
				}
				if len(skipped) > 0 || len(got) > 0 {
					t.Errorf("told %d times too often, %d messages too much", len(skipped), len(got))
				}

				// The queue has nothing left for a reader that takes more.
				if _, err := sender.Subscribe(ctx, "/queue/a", handle, conn.SubscribeOptions{Ack: mode}); err != nil {
					t.Fatal(err)
				}
				send("last")
				if last := wait(got); last != "last" {
					t.Errorf("%q was left", last)
				}
			})
		}
	}
}
