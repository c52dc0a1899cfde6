package conn_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// A reply above a limit ends its request at once, with the limit. Other requests and the connection go on (R1, R3).
func TestReplyAboveALimit(t *testing.T) {
	for _, o := range oversized {
		t.Run(o.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := tight
				limits.HeaderLine = 90 // reply-to and the ids have to fit
				c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{Limits: limits}})
				first := request(t.Context(), c, "first")
				sub := b.acceptReplyQueue()
				large, start := b.read(), time.Now()
				second := request(t.Context(), c, "second")
				small := b.read()
				head := "MESSAGE\nsubscription:" + sub + "\nmessage-id:1\ncorrelation-id:" + header(large, "correlation-id") + "\n"
				b.write(head + o.rest)
				var limit *frame.LimitError
				if got := <-first; got.m != nil || !errors.As(got.err, &limit) || !errors.Is(got.err, o.what) ||
					errors.Is(got.err, conn.ErrUnknownOutcome) || limit.Command != frame.CmdMessage || time.Since(start) != 0 {
					t.Errorf("%v, %v after %v", got.m, got.err, time.Since(start))
				}
				b.write(head + o.rest) // nothing waits for it any more
				b.write(reply(sub, small, "pong"))
				b.awaitReply(second, "pong")
				if n := c.Stats().Unsolicited; n != 1 {
					t.Errorf("%d unsolicited, want 1", n)
				}
			})
		})
	}
}

// A reply whose correlation-id stands behind a limit cannot be told apart from a late one: its request waits for its time.
func TestReplyWithoutItsIDAboveALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{
			ReceiptTimeout: 5 * time.Second, Link: link.Options{Limits: frame.Limits{Headers: 5}}})
		start := time.Now()
		result := request(t.Context(), c, "x")
		sub := b.acceptReplyQueue()
		text := b.read()
		b.write("MESSAGE\nsubscription:" + sub + "\n" + strings.Repeat("h:v\n", 20) + "correlation-id:" + header(text, "correlation-id") + "\n\n^@")
		if got := <-result; !errors.Is(got.err, conn.ErrUnknownOutcome) || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %v", got.err, time.Since(start))
		}
		if n := c.Stats().Unsolicited; n != 1 {
			t.Errorf("%d unsolicited, want 1", n)
		}
		again := request(t.Context(), c, "y")
		b.write(reply(sub, b.read(), "pong"))
		b.awaitReply(again, "pong")
	})
}

// An answer above a limit ends the connection, and so the call that waits for it, at once and with the limit (R1).
func TestAnswerAboveALimit(t *testing.T) {
	for name, c := range map[string]struct {
		wire string
		what error
	}{
		"RECEIPT with a long header": {"RECEIPT\nh:" + strings.Repeat("v", 5000) + "\nreceipt-id:", frame.ErrHeaderLineTooLong},
		"ERROR with a long header":   {"ERROR\nh:" + strings.Repeat("v", 5000) + "\nreceipt-id:", frame.ErrHeaderLineTooLong},
		"ERROR with a long body":     {"ERROR\ncontent-length:11\nreceipt-id:", frame.ErrBodyTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{Limits: tight}})
				start := time.Now()
				sent := async(func() error { return s.SendReceipt(t.Context(), "/queue/a", nil) })
				id := header(b.read(), "receipt")
				go b.nc.Write([]byte(c.wire + id + "\n\n0123456789a\x00")) // it may not all be read
				if err := b.await(sent); !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, c.what) || time.Since(start) != 0 {
					t.Errorf("%v after %v", err, time.Since(start))
				}
			})
		})
	}
}
