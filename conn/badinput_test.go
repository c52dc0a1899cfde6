package conn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// A broker's bytes that are no STOMP, or too much of it, end the connection: once, with an error that says what, where
// and which limit.
func TestBadInput(t *testing.T) {
	small := frame.Limits{HeaderLine: 64, Headers: 4, HeaderBlock: 128, Body: 10}
	const connected = int64(len("CONNECTED\nversion:1.2\n\n\x00"))
	for _, c := range []struct {
		name, wire string
		is         error
		offset     int64 // behind CONNECTED
		max        int64 // of a LimitError; 0 for a SyntaxError
	}{
		{"command", "WHAT\n\n^@", frame.ErrBadCommand, 0, 0},
		{"no colon", "MESSAGE\nabc\n\n^@", frame.ErrNoColon, 11, 0},
		{"undefined escape", "MESSAGE\na:b\\t\n\n^@", frame.ErrBadEscape, 11, 0},
		{"stray CR", "MESSAGE\na:b\rc\n\n^@", frame.ErrStrayCR, 11, 0},
		{"NUL in header", "MESSAGE\na:b^@", frame.ErrNULInHeader, 11, 0},
		{"UTF-8", "MESSAGE\na:\xff\n\n^@", frame.ErrBadUTF8, 10, 0},
		{"content-length in words", "MESSAGE\ncontent-length:ten\n\n^@", frame.ErrBadContentLength, 23, 0},
		{"content-length negative", "MESSAGE\ncontent-length:-1\n\n^@", frame.ErrBadContentLength, 23, 0},
		{"content-length too short", "MESSAGE\ncontent-length:1\n\nabc^@", frame.ErrNoNUL, 27, 0},
		{"body where none may be", "RECEIPT\nreceipt-id:1\n\nabc^@", frame.ErrBodyNotAllowed, 22, 0},
		{"second frame", "RECEIPT\nreceipt-id:1\n\n^@\nWHAT\n\n^@", frame.ErrBadCommand, 24, 0},

		{"command too long", strings.Repeat("A", 33), frame.ErrCommandTooLong, 32, 32},
		{"content-length absurd", "MESSAGE\ncontent-length:99999999999999999999\n\n", frame.ErrBodyTooLong, 23, 64 << 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			overEach(t, func(t *testing.T, tr transport) {
				cfg, ends := countEnds(conn.Config{Link: link.Options{Limits: small}})
				s, b := session(t, tr, frame.Version12, cfg)
				b.write(c.wire)
				b.expectEnd()
				err := ends.wait(t, s)
				if !errors.Is(err, c.is) || !errors.Is(err, frame.ErrProtocol) {
					t.Fatalf("error %v; want one that Is %v", err, c.is)
				}
				var syntax *frame.SyntaxError
				var limit *frame.LimitError
				var offset int64
				switch {
				case errors.As(err, &syntax):
					offset = syntax.Offset
				case errors.As(err, &limit):
					offset = limit.Offset
					if limit.Max != c.max {
						t.Errorf("limit %d; want %d", limit.Max, c.max)
					}
				}
				if limit == nil != (c.max == 0) || offset-connected != c.offset {
					t.Errorf("error %v is about octet %d; want %d", err, offset-connected, c.offset)
				}
			})
		})
	}
}

func TestEarlyEnd(t *testing.T) {
	for _, c := range []struct {
		wire string
		is   error
	}{
		{"", io.EOF},
		{"\n\n", io.EOF},
		{"M", io.ErrUnexpectedEOF},
		{"MESSAGE\nsubscription:1\n", io.ErrUnexpectedEOF},
		{"MESSAGE\nsubscription:1\ncontent-length:5\n\nabc", io.ErrUnexpectedEOF},
		{"MESSAGE\nsubscription:1\ncontent-length:3\n\nabc", io.ErrUnexpectedEOF},
	} {
		overEach(t, func(t *testing.T, tr transport) {
			cfg, ends := countEnds(conn.Config{})
			s, b := session(t, tr, frame.Version12, cfg)
			b.write(c.wire)
			_ = b.nc.Close()
			if err := ends.wait(t, s); !errors.Is(err, c.is) {
				t.Errorf("after %q: error %v; want one that Is %v", c.wire, err, c.is)
			}
		})
	}
}

func TestFramesThatAreNotABrokers(t *testing.T) {
	for _, wire := range []string{"SEND\ndestination:/queue/a\n\n^@", "CONNECTED\nversion:1.2\n\n^@", "CONNECT\n\n^@"} {
		cfg, ends := countEnds(conn.Config{})
		s, b := session(t, overPipe, frame.Version12, cfg)
		b.write(wire)
		b.expectEnd()
		if err := ends.wait(t, s); !errors.Is(err, frame.ErrProtocol) {
			t.Errorf("%q: error %v; want a protocol error", wire, err)
		}
	}
}

// A message above the limit of bodies is skipped: it is told, what follows is delivered, and the connection lives.
func TestBodyAboveTheLimitIsSkipped(t *testing.T) {
	for _, c := range []struct{ name, length string }{{"with a length", "content-length:11\n"}, {"without", ""}} {
		overEach(t, func(t *testing.T, tr transport) {
			skipped, got := make(chan string, 10), make(chan string, 10)
			cfg := conn.Config{Link: link.Options{Limits: frame.Limits{Body: 10}}}
			cfg.Trace = func(_ context.Context, e *conn.Event) {
				if e.Kind == conn.EventSkipped && errors.Is(e.Err, frame.ErrBodyTooLong) && e.Subscription != nil {
					skipped <- string(e.Message.Header.Get("message-id"))
				}
			}
			s, b := session(t, tr, frame.Version12, cfg)
			b.subscribe(s, frame.AckClientIndividual, func(_ context.Context, m *conn.Message) { got <- string(m.Body) })
			b.write("MESSAGE\nsubscription:1\nmessage-id:m1\nack:a1\ndestination:/queue/a\n" + c.length + "\n01234567890^@")
			b.write("MESSAGE\nsubscription:1\nmessage-id:m2\nack:a2\ndestination:/queue/a\n\n0123456789^@")
			b.expect("NACK\nid:a1\n\n^@") // it cannot come for ever
			if id, body := <-skipped, <-got; id != "m1" || body != "0123456789" {
				t.Errorf("%s: skipped %s, got %q", c.name, id, body)
			}
			flush(t, s, b)
		})
	}
}

// A body above the limit of anything but a message ends the connection: what it answered would stay open.
func TestErrorAboveTheLimit(t *testing.T) {
	cfg, ends := countEnds(conn.Config{Link: link.Options{Limits: frame.Limits{Body: 10}}})
	s, b := session(t, overPipe, frame.Version12, cfg)
	b.write("ERROR\nmessage:no\ncontent-length:11\n\n")
	_, _ = io.WriteString(b.nc, "01234567890\x00")
	b.expectEnd()
	var limit *frame.LimitError
	if err := ends.wait(t, s); !errors.As(err, &limit) || limit.What != frame.ErrBodyTooLong || limit.Max != 10 {
		t.Errorf("error %v", err)
	}
}
