package conn

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// Tx is a transaction: what is sent and acknowledged in it takes effect when it is
// committed. The broker aborts it when the connection ends. Safe for concurrent
// use: nothing of it follows its COMMIT or ABORT.
type Tx struct {
	c    *Conn
	id   string
	done atomic.Bool // set before COMMIT or ABORT is encoded, so that who holds the outbox sees it
}

// Begin starts a transaction with the given id, which must not be one of an open
// transaction of the connection; "" takes a new one. It does not wait: a BEGIN that
// the broker refuses shows at Commit.
func (c *Conn) Begin(ctx context.Context, id string) (*Tx, error) {
	if id == "" {
		c.mu.Lock()
		c.lastTx++
		id = "t" + strconv.FormatUint(c.lastTx, 10)
		c.mu.Unlock()
	}
	tx := &Tx{c: c, id: id}
	if err := c.command(ctx, frame.CmdBegin, tx.fields(), false); err != nil {
		return nil, err
	}
	return tx, nil
}

// ID returns the id of the transaction on the wire.
func (tx *Tx) ID() string { return tx.id }

// Send is [Conn.Send] in the transaction.
func (tx *Tx) Send(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if tx.done.Load() {
		return ErrTransactionDone
	}
	if err := checkOwnReceipt(frame.CmdSend, h); err != nil {
		return err
	}
	fields := with(h, tx.fields()[0])
	return tx.c.post(ctx, sendSize(destination, body, fields), func(dst []byte) ([]byte, error) {
		if tx.done.Load() {
			return dst, ErrTransactionDone
		}
		return writer.AppendSend(dst, tx.c.version, destination, fields, body)
	})
}

// Ack is [Message.Ack] in the transaction.
func (tx *Tx) Ack(m *Message, h ...frame.Field) error {
	return tx.acknowledge(m, h, writer.AppendAck)
}

// Nack is [Message.Nack] in the transaction.
func (tx *Tx) Nack(m *Message, h ...frame.Field) error {
	return tx.acknowledge(m, h, writer.AppendNack)
}

func (tx *Tx) acknowledge(m *Message, h []frame.Field, encode appendAck) error {
	switch {
	case tx.done.Load():
		return ErrTransactionDone
	case m.c != tx.c:
		return ErrForeignMessage
	}
	return m.acknowledge(tx.id, h, func(dst []byte, v frame.Version, ack writer.Ack, h []frame.Field) ([]byte, error) {
		if tx.done.Load() {
			return dst, ErrTransactionDone
		}
		return encode(dst, v, ack, h)
	})
}

// Commit makes the transaction take effect and waits for the broker's receipt. An
// error that Is ErrUnknownOutcome leaves open whether it did. On RabbitMQ that
// receipt does not wait for the disk, as that of a SEND does: a broker that is
// killed loses persistent messages of transactions that it has confirmed.
func (tx *Tx) Commit(ctx context.Context) error { return tx.end(ctx, frame.CmdCommit) }

// Abort undoes the transaction and waits for the broker's receipt.
func (tx *Tx) Abort(ctx context.Context) error { return tx.end(ctx, frame.CmdAbort) }

func (tx *Tx) end(ctx context.Context, cmd frame.Command) error {
	if tx.c.inHandler(ctx) {
		return ErrWouldBlock
	}
	if !tx.done.CompareAndSwap(false, true) {
		return ErrTransactionDone
	}
	err := tx.c.command(ctx, cmd, tx.fields(), true)
	if !wasSent(err) {
		tx.done.Store(false) // it can be tried again
	}
	return err
}

func (tx *Tx) fields() []frame.Field {
	return []frame.Field{{Name: frame.HeaderTransaction, Value: tx.id}}
}
