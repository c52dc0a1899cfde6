package conn

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
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

	mu   sync.Mutex // leaf
	owed []owed     // receipts of SENDs that Commit waits for
}

type owed struct {
	receipt string
	outcome <-chan error
}

// Begin starts a transaction with the given id; "" takes a new one. An id that an open
// transaction of the connection has is refused with ErrIDInUse. Begin does not wait for
// the broker: a BEGIN that it refuses shows at Commit.
func (c *Conn) Begin(ctx context.Context, id string) (*Tx, error) {
	id, err := c.openTransaction(id)
	if err != nil {
		return nil, err
	}
	tx := &Tx{c: c, id: id}
	if err := c.command(ctx, frame.CmdBegin, tx.fields(), false); err != nil {
		c.closeTransaction(id)
		return nil, err
	}
	return tx, nil
}

// openTransaction takes the id, or one that is free: "different transactions MUST use
// different transaction identifiers" (STOMP 1.2, BEGIN).
func (c *Conn) openTransaction(id string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != "" && c.openTx[id] {
		return "", fmt.Errorf("stomp: transaction id %.64q %w", id, ErrIDInUse)
	}
	for id == "" || c.openTx[id] { // a user may have taken that number
		c.lastTx++
		id = "t" + strconv.FormatUint(c.lastTx, 10)
	}
	if c.openTx == nil {
		c.openTx = make(map[string]bool)
	}
	c.openTx[id] = true
	return id, nil
}

// closeTransaction gives the id back.
func (c *Conn) closeTransaction(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.openTx, id)
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
	if err := checkNames(frame.CmdSend, h, frame.HeaderTransaction); err != nil {
		return err // it would be the one that counts
	}
	return tx.c.post(ctx, sendSize(destination, body, h)+len(tx.id), func(dst []byte) ([]byte, error) {
		return tx.appendSend(dst, destination, h, body)
	})
}

// SendConfirmed is Send that asks for a receipt of its own, which Commit waits for
// besides that of COMMIT. RabbitMQ answers after COMMIT, when a persistent message is on
// disk, so what Commit has confirmed survives a RabbitMQ that is killed, as with Send it
// does not. ActiveMQ and Artemis answer before COMMIT, whose own receipt says as much.
// Until then each takes some memory, here as well. It makes no transaction whole: one
// whose outcome is unknown may be on RabbitMQ in part. Errors are those of Send.
func (tx *Tx) SendConfirmed(ctx context.Context, destination string, body []byte, h ...frame.Field) error {
	if tx.done.Load() {
		return ErrTransactionDone
	}
	if err := checkNames(frame.CmdSend, h, frame.HeaderReceipt, frame.HeaderTransaction); err != nil {
		return err
	}
	id, outcome, err := tx.c.receipts.add()
	if err != nil {
		return err
	}
	tx.mu.Lock()
	tx.owed = append(tx.owed, owed{id, outcome}) // before COMMIT can follow it
	tx.mu.Unlock()
	fields := with(h, frame.Field{Name: frame.HeaderReceipt, Value: id})
	err = tx.c.post(ctx, sendSize(destination, body, fields)+len(tx.id), func(dst []byte) ([]byte, error) {
		return tx.appendSend(dst, destination, fields, body)
	})
	if err != nil {
		tx.withdraw(id, outcome)
	}
	return err
}

// withdraw has Commit not wait for what was not sent.
func (tx *Tx) withdraw(receipt string, outcome chan<- error) {
	tx.c.receipts.drop(receipt)
	tx.mu.Lock()
	tx.owed = slices.DeleteFunc(tx.owed, func(o owed) bool { return o.receipt == receipt })
	tx.mu.Unlock()
	select {
	case outcome <- nil: // Commit may be at it already
	default:
	}
}

func (tx *Tx) appendSend(dst []byte, destination string, h []frame.Field, body []byte) ([]byte, error) {
	if tx.done.Load() {
		return dst, ErrTransactionDone
	}
	return writer.AppendSend(dst, tx.c.version, destination, with(h, tx.fields()[0]), body)
}

// Ack is [Message.Ack] in the transaction.
func (tx *Tx) Ack(m *Message, h ...frame.Field) error {
	return tx.acknowledge(frame.CmdAck, m, h, writer.AppendAck)
}

// Nack is [Message.Nack] in the transaction.
func (tx *Tx) Nack(m *Message, h ...frame.Field) error {
	return tx.acknowledge(frame.CmdNack, m, h, writer.AppendNack)
}

func (tx *Tx) acknowledge(cmd frame.Command, m *Message, h []frame.Field, encode appendAck) error {
	switch {
	case tx.done.Load():
		return ErrTransactionDone
	case m.c != tx.c:
		return ErrForeignMessage
	}
	return m.acknowledge(cmd, tx.id, h, func(dst []byte, v frame.Version, ack writer.Ack, h []frame.Field) ([]byte, error) {
		if tx.done.Load() {
			return dst, ErrTransactionDone
		}
		return encode(dst, v, ack, h)
	})
}

// Commit makes the transaction take effect and waits for the broker's receipt. An
// error that Is ErrUnknownOutcome leaves open whether it did. On RabbitMQ that
// receipt does not wait for the disk, as that of a SEND does: a broker that is
// killed loses persistent messages of transactions that it has confirmed. Commit waits
// for the receipts of SendConfirmed, too, and its error may be of one of them.
func (tx *Tx) Commit(ctx context.Context) error {
	err := tx.end(ctx, frame.CmdCommit)
	if !wasSent(err) {
		return err
	}
	for _, owed := range tx.settled() {
		if err == nil {
			err = tx.c.await(ctx, owed.outcome)
		}
		tx.c.receipts.drop(owed.receipt)
	}
	return err
}

// Abort undoes the transaction and waits for the broker's receipt.
func (tx *Tx) Abort(ctx context.Context) error {
	err := tx.end(ctx, frame.CmdAbort)
	if wasSent(err) {
		for _, owed := range tx.settled() {
			tx.c.receipts.drop(owed.receipt)
		}
	}
	return err
}

// settled returns what is owed to a transaction that has ended.
func (tx *Tx) settled() []owed {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	all := tx.owed
	tx.owed = nil
	return all
}

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
		return err
	}
	tx.c.closeTransaction(tx.id)
	return err
}

func (tx *Tx) fields() []frame.Field {
	return []frame.Field{{Name: frame.HeaderTransaction, Value: tx.id}}
}
