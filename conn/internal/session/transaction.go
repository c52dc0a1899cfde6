package session

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrTransactionDone: the transaction was committed or aborted.
var ErrTransactionDone = errors.New("stomp: transaction has ended")

// Tx is a transaction. It belongs to the connection that it was begun on.
type Tx struct {
	ID string

	conn    *Conn
	used    bool    // something was sent in it
	done    bool    // COMMIT or ABORT is on its way
	refused error   // the broker has refused something in it
	gone    error   // its connection is gone
	commit  *Call   // waits for its end
	end     Call    // the COMMIT or ABORT
	sends   []*Call // of all SENDs
	owed    int     // receipts of these that have not come
	abort   bool    // it is being aborted
	forced  bool    // though COMMIT was asked for
	result  error   // of what has come so far
}

// Begin makes a transaction on conn, with the given id, or a new one if it is "".
func (c *Core) Begin(conn *Conn, id string) (*Tx, error) {
	switch {
	case c.refused != nil:
		return nil, c.refused
	case conn.gone(c) != nil:
		return nil, conn.gone(c)
	case id != "" && c.txs[id] != nil: // "different transactions MUST use different transaction identifiers"
		return nil, fmt.Errorf("stomp: transaction id %.64q %w", id, ErrIDInUse)
	}
	for id == "" || c.txs[id] != nil {
		c.lastTx++
		id = "t" + strconv.FormatUint(c.lastTx, 10)
	}
	tx := &Tx{ID: id, conn: conn}
	c.txs[id] = tx
	return tx, nil
}

// Conn returns the connection of the transaction.
func (tx *Tx) Conn() *Conn { return tx.conn }

// Done reports whether COMMIT or ABORT is on its way, or was.
func (tx *Tx) Done() bool { return tx.done }

// Use checks that something may be sent in the transaction. confirmed says that the frame
// asks for a receipt; Owe is to follow then.
func (c *Core) Use(tx *Tx) error {
	switch {
	case tx.done:
		return ErrTransactionDone
	case tx.gone != nil:
		return tx.gone
	case tx.conn.state == connGoodbye:
		return c.refused
	}
	tx.used = true
	return nil
}

// Owe registers the receipt of a SEND in the transaction, which COMMIT waits for.
func (c *Core) Owe(tx *Tx, call *Call, at uint64) error {
	if err := c.Use(tx); err != nil {
		return err
	}
	if err := c.Expect(call, CallOwed, tx.conn, at, never); err != nil {
		return err
	}
	call.tx = tx
	tx.sends = append(tx.sends, call)
	tx.owed++
	return nil
}

// Disown takes back what Owe has registered: the SEND was not sent.
func (c *Core) Disown(call *Call) {
	if call.live {
		c.drop(call)
		c.settleTx(call, nil)
	}
}

// refuse notes that the broker has refused something in the transaction.
func (tx *Tx) refuse(err error) {
	if tx.refused == nil {
		tx.refused = err
	}
}

// refuseTxs notes that the broker has refused something on conn that may be in a transaction.
func (c *Core) refuseTxs(conn *Conn, err error) {
	for _, tx := range c.txs {
		if tx.conn == conn && tx.used {
			tx.refuse(err)
		}
	}
}

// End registers COMMIT, or ABORT: commit completes once its receipt and those of all SENDs
// have come. abort is to be sent in place of COMMIT if the broker has refused a part already;
// then commit completes with that error, and nothing was stored. The frame is about to leave
// at offset at, with the receipt of id.
func (c *Core) End(tx *Tx, abort bool, commit *Call, at uint64, now Time) (sendAbort bool, id uint64, err error) {
	c.at(now)
	switch {
	case tx.done:
		return false, 0, ErrTransactionDone
	case tx.gone != nil:
		return false, 0, tx.gone
	case tx.conn.state == connGoodbye:
		return false, 0, c.refused
	}
	tx.done = true
	tx.forced = !abort && tx.refused != nil
	tx.abort = abort || tx.forced
	c.register(commit)
	commit.Kind = CallShutdown
	tx.commit = commit
	c.register(&tx.end)
	tx.end.Kind, tx.end.conn, tx.end.at, tx.end.tx = CallTx, tx.conn, at, tx
	tx.end.deadline = c.now + c.cfg.ReceiptTimeout
	c.enter(&tx.end)
	for _, call := range tx.sends {
		call.deadline = tx.end.deadline
	}
	return tx.abort, tx.end.ID, nil
}

// settleTx takes an answer to something in a transaction. Once something has failed, the
// receipts that are still owed change nothing; a refused SEND has none.
func (c *Core) settleTx(call *Call, err error) {
	tx := call.tx
	if call.Kind == CallOwed {
		tx.owed--
		if err != nil && !tx.done {
			tx.refuse(err)
		}
	}
	if err != nil && (tx.result == nil || call.Kind == CallTx) {
		tx.result = err
	}
	if !tx.done || tx.end.live || tx.owed > 0 && !tx.abort && tx.result == nil && tx.refused == nil {
		return
	}
	c.dropTx(tx)
	if tx.commit != nil {
		tx.result = tx.verdict()
		c.complete(tx.commit, tx.result)
		tx.commit = nil
	}
}

// verdict is the result of COMMIT or ABORT.
func (tx *Tx) verdict() error {
	switch {
	case tx.forced:
		return fmt.Errorf("%w: %w", ErrAborted, tx.refused)
	case tx.abort || errors.Is(tx.result, ErrNotSent):
		return tx.result
	case tx.refused != nil && !errors.Is(tx.result, ErrUnknownOutcome):
		// The broker has refused a part of what it was told to commit: the rest may be stored.
		return unknown(tx.refused)
	}
	return tx.result
}

// dropTx forgets a transaction that has ended, and what it is owed.
func (c *Core) dropTx(tx *Tx) {
	delete(c.txs, tx.ID)
	for _, call := range tx.sends {
		c.dropUnanswered(call)
	}
	c.dropUnanswered(&tx.end)
	tx.sends = nil
}

func (c *Core) dropUnanswered(call *Call) {
	if call.live {
		c.drop(call)
		call.acquitNobody()
	}
}

// endTxs ends the transactions of a connection that is gone. Those whose COMMIT is out have
// got their result from failCalls.
func (c *Core) endTxs(conn *Conn, err error) {
	for id, tx := range c.txs {
		if tx.conn == conn {
			tx.gone = err
			delete(c.txs, id)
		}
	}
}

// CancelTx ends a transaction whose caller waits for the end no longer, because of err, and
// returns what the caller is to return. Before End it ends one whose BEGIN was not sent.
func (c *Core) CancelTx(tx *Tx, err error) error {
	if tx.commit == nil {
		if !tx.done {
			c.dropTx(tx)
		}
		return tx.result
	}
	call := tx.commit
	tx.commit = nil
	c.Forget(call)
	c.dropTx(tx)
	if tx.end.cause != nil {
		err = tx.end.cause
	}
	return unknown(err)
}
