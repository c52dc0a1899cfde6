package conn_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
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
		{"header line too long", "MESSAGE\na:" + strings.Repeat("b", 63), frame.ErrHeaderLineTooLong, 72, 64},
		{"too many headers", "MESSAGE\n1:\n2:\n3:\n4:\n5:\n", frame.ErrTooManyHeaders, 20, 4},
		{"body too long by its length", "MESSAGE\ncontent-length:11\n\n", frame.ErrBodyTooLong, 23, 10},
		{"body too long by its octets", "MESSAGE\n\n01234567890", frame.ErrBodyTooLong, 19, 10},
		{"content-length absurd", "MESSAGE\ncontent-length:99999999999999999999\n\n", frame.ErrBodyTooLong, 23, 10},
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

// ends counts how often a connection says that it has ended.
type ends struct {
	n    atomic.Int32
	errs chan error
}

func countEnds(cfg conn.Config) (conn.Config, *ends) {
	e := &ends{errs: make(chan error, 10)}
	cfg.OnClose = func(err error) {
		e.n.Add(1)
		e.errs <- err
	}
	return cfg, e
}

// wait returns the cause, which must have been told once, and be what Err says.
func (e *ends) wait(t testing.TB, c *conn.Conn) error {
	t.Helper()
	<-c.Done()
	err := <-e.errs
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("cause %v is not net.ErrClosed", err)
	}
	if told := c.Err(); told == nil || told.Error() != err.Error() {
		t.Errorf("OnClose says %v, Err says %v", err, told)
	}
	_ = c.Close()
	if n := e.n.Load(); n != 1 {
		t.Errorf("OnClose was called %d times", n)
	}
	return err
}
