package listen

import (
	"context"

	"github.com/stompwire/stompwire/frame"
)

// WaitingListener waits for one receipt, or for the end of a connection. An event that came before
// the wait ends it at once; it counts for one wait. Safe for concurrent use.
type WaitingListener struct {
	id           string
	receipt      chan struct{}
	disconnected chan error
}

// NewWaitingListener returns a listener that waits for the receipt with this id; "" for none.
func NewWaitingListener(receiptID string) *WaitingListener {
	return &WaitingListener{id: receiptID, receipt: make(chan struct{}, 1), disconnected: make(chan error, 1)}
}

// OnReceipt ends WaitReceipt if the id is the one that it waits for.
func (w *WaitingListener) OnReceipt(_ Connection, f *frame.Frame) {
	if string(f.Header.Get(frame.HeaderReceiptID)) != w.id {
		return
	}
	select {
	case w.receipt <- struct{}{}:
	default:
	}
}

// OnDisconnected ends WaitDisconnected.
func (w *WaitingListener) OnDisconnected(_ Connection, err error) {
	select {
	case w.disconnected <- err:
	default:
	}
}

// WaitReceipt waits for the receipt. It returns ctx.Err() if ctx ends first.
func (w *WaitingListener) WaitReceipt(ctx context.Context) error {
	select {
	case <-w.receipt:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WaitDisconnected waits for the end of a connection and returns why it has ended. waitErr is
// ctx.Err() if ctx ends first.
func (w *WaitingListener) WaitDisconnected(ctx context.Context) (cause, waitErr error) {
	select {
	case cause = <-w.disconnected:
		return cause, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
