package conn_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// Against a broker that does not read, memory stays bounded, Send waits for as long as its context lets it, and the
// connection ends when the write has taken too long.
func TestBrokerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const high, body = 10_000, 1000
		cfg, ends := countEnds(conn.Config{Link: link.Options{HighWater: high, WriteTimeout: 20 * time.Second}})
		c, _ := session(t, inBubble, frame.Version12, cfg)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var err error
		sent := 0
		for ; err == nil; sent++ {
			err = c.Send(ctx, "/queue/a", make([]byte, body))
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("Send returned %v after %v", err, time.Since(start))
		}
		if sent > 3*high/body { // what is being written, and what waits
			t.Errorf("%d sends were taken", sent)
		}

		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := c.Send(context.Background(), "/queue/a", nil); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Send that waited returned %v", err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took != 20*time.Second+secondLook {
			t.Errorf("closed after %v", took)
		}
		var late *link.TimeoutError
		if err := ends.wait(t, c); !errors.As(err, &late) || !late.Timeout() {
			t.Errorf("cause %v; want a timeout", err)
		}
	})
}

func TestBrokerThatNeverFinishesAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, ends := countEnds(conn.Config{Link: link.Options{FrameTimeout: 20 * time.Second}})
		c, b := session(t, inBubble, frame.Version12, cfg)
		start := time.Now()
		b.write("MESSAGE\nsubscription:1\n")
		var late *link.TimeoutError
		err := ends.wait(t, c)
		if took := time.Since(start); !errors.As(err, &late) || took < 20*time.Second+secondLook || took > 20*time.Second+secondLook+10*time.Millisecond {
			t.Errorf("cause %v after %v", err, took)
		}
	})
}

// A frame that a full outbox kept out was not sent at all.
func TestSendThatWasCancelledLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := session(t, inBubble, frame.Version12, conn.Config{Link: link.Options{HighWater: 1000}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		sent := 0
		for c.Send(ctx, "/queue/a", make([]byte, 600)) == nil {
			sent++
		}
		if err := c.SendReceipt(ctx, "/queue/a", nil); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("SendReceipt that never left: %v", err)
		}
		for range sent {
			b.read()
		}
		if err := c.Send(t.Context(), "/queue/b", nil); err != nil {
			t.Error(err)
		}
		b.expect("SEND\ndestination:/queue/b\n\n^@")
	})
}
