package conn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// A RECEIPT that was read counts, even if the connection ends while Trace is busy with a later one of the same read.
func TestReceiptCountsWhileALaterOneIsTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, receipts := make(chan struct{}), 0
		c, b := dialStuck(t, "", conn.Config{
			Link: link.Options{WriteTimeout: time.Second},
			Trace: func(_ context.Context, e *conn.Event) {
				if e.Kind == conn.EventReceived && e.Frame.Command == frame.CmdReceipt {
					if receipts++; receipts == 2 {
						<-busy
					}
				}
			}})
		send := func(destination string) (sent <-chan error, receipt string) {
			sent = async(func() error { return c.SendReceipt(t.Context(), destination, nil) })
			return sent, "RECEIPT\nreceipt-id:" + header(b.read(), "receipt") + "\n\n^@"
		}
		first, one := send("/queue/a")
		second, two := send("/queue/b")
		b.write(one + two)
		if err := c.Send(t.Context(), "/queue/a", nil); err != nil { // it is not read, which ends the connection
			t.Error(err)
		}
		<-b.ends.errs
		if err := b.await(first); err != nil {
			t.Errorf("the first: %v", err)
		}
		close(busy)
		if err := b.await(second); err != nil && !errors.Is(err, conn.ErrUnknownOutcome) {
			t.Errorf("the second: %v", err)
		}
	})
}
