package conn

import (
	"context"
	"sync"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// Tx is a transaction: what is sent and acknowledged in it takes effect when it is committed. It
// belongs to one connection, and the broker aborts it when that ends. Safe for concurrent use: no
// frame of it follows its COMMIT or ABORT.
//
// A handler of its connection cannot end it, because the answer is read only when the handler has
// returned. To commit the transaction of a message, use Consume, or hand a Token to another goroutine.
type Tx struct {
	w    *wire
	core *session.Tx

	mu   sync.Mutex // leaf
	undo []func()   // undoes its acknowledgements if it is aborted
}

// onAbort registers undo to be called if the transaction is aborted.
func (tx *Tx) onAbort(undo func()) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.undo = append(tx.undo, undo)
}

// aborted is called when ABORT is in the outbox.
func (tx *Tx) aborted() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, undo := range tx.undo {
		undo()
	}
	tx.undo = nil
}

// Begin begins a transaction on a connection to send on, with the given id; "" uses a new one. It
// does not wait for the broker: if it refuses BEGIN, Commit returns the error. After an error nothing
// was sent. To acknowledge in a transaction, begin it with [Message.Begin].
func (c *Client) Begin(ctx context.Context, id string) (*Tx, error) {
	var w *wire
	for {
		next, err := c.senders[0].current(ctx, w)
		if err != nil {
			return nil, err
		}
		w = next
		tx, err := w.begin(ctx, id)
		if err == nil || !isClosed(err) || ctx.Err() != nil {
			return tx, err
		}
	}
}

func (w *wire) begin(ctx context.Context, id string) (*Tx, error) {
	buf, err := w.reserve(ctx, frameOverhead+len(id))
	if err != nil {
		return nil, err
	}
	w.c.mu.Lock()
	core, err := w.c.core.Begin(w.conn, id)
	w.c.unlock()
	if err != nil {
		w.l.Commit(buf)
		return nil, err
	}
	tx := &Tx{w: w, core: core}
	out, err := writer.AppendFrame(buf, w.version, frame.CmdBegin, []frame.Field{tx.field()}, nil)
	if err = w.commit(buf, out, err); err != nil {
		w.c.mu.Lock()
		w.c.core.CancelTx(core, err)
		w.c.unlock()
		return nil, err
	}
	return tx, nil
}

// ID returns the id of the transaction on the wire.
func (tx *Tx) ID() string { return tx.core.ID }

func (tx *Tx) field() frame.Field {
	return frame.Field{Name: frame.HeaderTransaction, Value: tx.core.ID}
}

// Send is [Client.Send] in the transaction. It asks for a receipt, which Commit waits for in
// addition to that of COMMIT. Without it RabbitMQ would report a missing exchange only after it has
// confirmed COMMIT, and its receipt of COMMIT would not wait for the disk, as the receipt of a
// persistent SEND does. Each Send takes some memory here and at the broker until Commit.
//
// It waits, under ctx, while the outbox is full. After an error nothing was sent, and the transaction is
// still open unless the error Is net.ErrClosed.
func (tx *Tx) Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if err := checkSend(h, true); err != nil {
		return err
	}
	if err := checkNames(frame.CmdSend, h, frame.HeaderTransaction); err != nil {
		return err // the first transaction header would count
	}
	w, c := tx.w, tx.w.c
	buf, err := w.reserve(ctx, sendSize(destination, body, h)+len(tx.core.ID))
	if err != nil {
		return tx.because(err)
	}
	h, text := cutText(h)
	var room [8]frame.Field // on the stack, for the usual number of headers
	call := new(session.Call)
	c.mu.Lock()
	err = c.core.Owe(tx.core, call, w.l.Tail())
	c.unlock()
	if err != nil {
		w.l.Commit(buf)
		return tx.because(err)
	}
	fields := append(append(room[:0], h...), tx.field(), receiptField(call.ID))
	if text {
		fields = append(fields, Text)
	}
	out, err := appendSend(buf, w.version, destination, fields, frame.Field{}, body)
	if err = w.commit(buf, out, err); err != nil {
		c.mu.Lock()
		c.core.Disown(call)
		c.unlock()
	}
	return err
}

// because returns why nothing can be done in the transaction.
func (tx *Tx) because(err error) error {
	if err == session.ErrTransactionDone {
		return errTransaction
	}
	return err
}

// Ack is [Message.Ack] in the transaction, for a message of its connection. Artemis does not support
// that: it acknowledges at once, and the message does not come again if the transaction is aborted.
func (tx *Tx) Ack(t Token, h ...frame.Field) error { return tx.acknowledge(frame.CmdAck, t, h) }

// Nack is [Message.Nack] in the transaction, for a message of its connection. See Ack for Artemis.
func (tx *Tx) Nack(t Token, h ...frame.Field) error { return tx.acknowledge(frame.CmdNack, t, h) }

func (tx *Tx) acknowledge(cmd frame.Command, t Token, h []frame.Field) error {
	if t.w != tx.w {
		return option("stomp: transaction %.64q: the message was delivered by another connection", tx.core.ID)
	}
	return tx.because(tx.w.acknowledge(t.sub, t.id, cmd, tx, h))
}

// Commit makes the transaction take effect and waits for the broker's receipts, of COMMIT and of
// all sends. It returns nil only if the broker has refused nothing of the transaction. If the
// broker had refused a part before, ABORT is sent instead of COMMIT, nothing takes effect, and the
// error is a *ServerError. If the error Is ErrUnknownOutcome, the transaction, or a part of it, may
// or may not have taken effect. If it Is ErrNotSent, ctx or the connection ended before COMMIT left:
// nothing takes effect, and unless the connection has ended the transaction is still open, so call
// Abort, or Commit again. In a handler of the connection it returns ErrWouldBlock, and nothing changes.
func (tx *Tx) Commit(ctx context.Context) error { return tx.end(ctx, false) }

// Abort undoes the transaction and waits for the broker's receipt. It sends ABORT even if ctx has
// ended; the error then Is ctx.Err() and ErrUnknownOutcome, because the receipt was not awaited. Whatever
// the error, nothing takes effect of a transaction that Commit has not ended. Behind a Commit that was
// sent it does nothing and returns an error that Is net.ErrClosed, so it can be deferred. In a handler
// of the connection it returns ErrWouldBlock, and nothing changes.
func (tx *Tx) Abort(ctx context.Context) error { return tx.end(ctx, true) }

func (tx *Tx) end(ctx context.Context, abort bool) error {
	w, c := tx.w, tx.w.c
	if w.inHandler(ctx) {
		return ErrWouldBlock
	}
	buf, err := tx.reserveEnd(ctx, abort)
	if err != nil {
		return tx.because(err)
	}
	wt := c.newWaiter()
	c.mu.Lock()
	abort, id, err := c.core.End(tx.core, abort, &wt.call, w.l.Tail(), c.clock.now())
	c.unlock()
	if err != nil {
		w.l.Commit(buf)
		wt.release()
		return tx.because(err)
	}
	cmd := frame.CmdCommit
	if abort {
		cmd = frame.CmdAbort
	}
	out, err := writer.AppendFrame(buf, w.version, cmd, []frame.Field{tx.field(), receiptField(id)}, nil)
	if err = w.commit(buf, out, err); err != nil { // cannot fail for the id: BEGIN had it
		_ = tx.cancel(wt, err)
		return err
	}
	if abort {
		tx.aborted()
	}
	select {
	case <-wt.done:
		err = wt.call.Err
		wt.release()
		return err
	case <-ctx.Done():
		return tx.cancel(wt, ctx.Err())
	}
}

// reserveEnd reserves for COMMIT or ABORT. ABORT does not wait: without it the broker would keep the
// messages that are acknowledged in the transaction for as long as the connection lasts. So the
// connection ends if there is no room even for that.
func (tx *Tx) reserveEnd(ctx context.Context, abort bool) (buf []byte, err error) {
	w, size := tx.w, frameOverhead+len(tx.core.ID)
	if tx.ended() {
		return nil, session.ErrTransactionDone
	}
	if abort {
		if buf, err = w.reserveNow(size); err != nil {
			err = session.NotSentBecause(w.orEnd(err))
		}
	} else {
		buf, err = w.reserveToAsk(ctx, size)
	}
	if err != nil && tx.ended() { // another COMMIT may have left meanwhile
		err = session.ErrTransactionDone
	}
	return buf, err
}

// ended reports whether COMMIT or ABORT is on its way, or was.
func (tx *Tx) ended() bool {
	tx.w.c.mu.Lock()
	defer tx.w.c.mu.Unlock()
	return tx.core.Done()
}

// cancel ends the wait for the end of the transaction, because of why, and returns the result.
func (tx *Tx) cancel(wt *waiter, why error) error {
	c := tx.w.c
	c.mu.Lock()
	open := wt.call.Live()
	err := c.core.CancelTx(tx.core, why)
	c.unlock()
	if !open {
		<-wt.done
		err = wt.call.Err
	}
	wt.release()
	return err
}
