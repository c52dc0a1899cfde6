package conn

import (
	"context"

	"github.com/stompwire/stompwire/frame"
)

// WaitingListener lets somebody wait for one receipt, or for the end of the
// connection. What happened before the wait counts, once. Safe for concurrent use.
type WaitingListener struct {
	id           string
	receipt      chan struct{}
	disconnected chan error
}

// NewWaitingListener returns a listener for the receipt with this id; "" for none.
func NewWaitingListener(receiptID string) *WaitingListener {
	return &WaitingListener{id: receiptID, receipt: make(chan struct{}, 1), disconnected: make(chan error, 1)}
}

// OnReceipt implements ReceiptListener.
func (w *WaitingListener) OnReceipt(_ *Conn, f *frame.Frame) {
	if string(f.Header.Get(frame.HeaderReceiptID)) != w.id {
		return
	}
	select {
	case w.receipt <- struct{}{}:
	default:
	}
}

// OnDisconnected implements DisconnectedListener.
func (w *WaitingListener) OnDisconnected(_ *Conn, err error) {
	select {
	case w.disconnected <- err:
	default:
	}
}

// WaitReceipt waits for the receipt, and after that for the next with its id. It
// returns ctx.Err() if ctx ends first.
func (w *WaitingListener) WaitReceipt(ctx context.Context) error {
	select {
	case <-w.receipt:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WaitDisconnected waits for the end of a connection and returns why it ended, and
// ctx.Err() in waitErr if ctx ends first.
func (w *WaitingListener) WaitDisconnected(ctx context.Context) (cause, waitErr error) {
	select {
	case cause = <-w.disconnected:
		return cause, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
