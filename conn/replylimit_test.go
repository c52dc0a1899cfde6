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
