package conn

import (
	"context"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/awake"
	"github.com/stompwire/stompwire/writer"
)

// Disconnect ends the session in good order: it acknowledges what an [Acker] has
// gathered, waits for the receipts of the producers' sends, sends DISCONNECT, waits for
// its receipt and closes; all within Config.DisconnectTimeout and ctx. A broker that does not answer DISCONNECT is no
// error, for the answer may be lost by rule (STOMP 1.2, Connection Lingering).
// Sends whose receipts did not come in time are reported as unknown by their
// producers, and make Disconnect return an error that Is ErrUnknownOutcome.
// In a handler it returns ErrWouldBlock.
func (c *Conn) Disconnect(ctx context.Context) error {
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	ctx, cancel := awake.WithTimeout(ctx, c.cfg.DisconnectTimeout)
	defer cancel()
	if !c.leaving.CompareAndSwap(false, true) {
		return c.awaitEnd(ctx) // somebody else is at it
	}
	if set := c.cfg.Listeners.now(); set != nil {
		set.disconnecting(c)
	}
	c.flow.end(c.l) // receipts have to be read, whoever is slow
	for s := range c.subs.all {
		s.hurryAckers()
	}
	err := c.drain(ctx)
	if c.sayGoodbye(ctx) {
		c.l.Shutdown(nil)
	} else {
		c.l.Close(nil)
	}
	if c.awaitEnd(ctx) != nil {
		c.l.Close(nil)
	}
	return err
}

func (c *Conn) awaitEnd(ctx context.Context) error {
	select {
	case <-c.closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain refuses new sends and waits for the outcomes of the producers' sends:
// RabbitMQ answers DISCONNECT at once, whatever else it still owes us.
func (c *Conn) drain(ctx context.Context) error {
	c.draining.Store(true)
	c.passOutbox() // whoever sends next will see it
	if err := c.producers.flush(ctx); err != nil {
		return unknown(err)
	}
	return nil
}

// sayGoodbye sends DISCONNECT, ahead of everybody who waits for room in the outbox,
// and waits for its receipt or the end. It returns false if it could not be sent.
func (c *Conn) sayGoodbye(ctx context.Context) bool {
	id, outcome, err := c.receipts.add()
	if err != nil {
		return false
	}
	defer c.receipts.drop(id)
	receipt := []frame.Field{{Name: frame.HeaderReceipt, Value: id}}
	if set := c.cfg.Listeners.sends(); set != nil {
		set.announce(c, func() ([]byte, error) {
			return writer.AppendFrame(nil, c.version, frame.CmdDisconnect, receipt, nil)
		})
	}
	buf, err := c.reserveNow(frameOverhead)
	if err != nil {
		return false
	}
	c.disconnected = true // we hold the outbox: nothing comes after this frame
	c.goodbye.Store(true)
	out, err := writer.AppendFrame(buf, c.version, frame.CmdDisconnect, receipt, nil)
	c.l.Commit(out)
	c.l.SetHeartBeat(0, 0)
	if err == nil {
		_ = c.await(ctx, outcome)
	}
	return err == nil
}
