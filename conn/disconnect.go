package conn

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// Disconnect ends the session in good order: it waits for the receipts of the
// producers' sends, sends DISCONNECT, waits for its receipt and closes; all within
// Config.DisconnectTimeout and ctx. A broker that does not answer DISCONNECT is no
// error, for the answer may be lost by rule (STOMP 1.2, Connection Lingering).
// Sends whose receipts did not come in time are reported as unknown by their
// producers, and make Disconnect return an error that Is ErrUnknownOutcome.
// In a handler it returns ErrWouldBlock.
func (c *Conn) Disconnect(ctx context.Context) error {
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DisconnectTimeout)
	defer cancel()
	c.closing.Store(true)

	// RabbitMQ answers DISCONNECT at once, whatever else it still owes us.
	err := c.producers.flush(ctx)
	if err != nil {
		err = unknown(err)
	}
	if c.sayGoodbye(ctx) {
		c.l.Shutdown(nil)
	} else {
		c.l.Close(nil)
	}
	select {
	case <-c.closed:
	case <-ctx.Done():
		c.l.Close(nil)
	}
	return err
}

// sayGoodbye sends DISCONNECT and waits for its receipt or the end. It returns
// false if it could not be sent.
func (c *Conn) sayGoodbye(ctx context.Context) bool {
	err := c.request(ctx, frameOverhead, func(dst []byte, receipt frame.Field) ([]byte, error) {
		c.disconnected = true // we hold the outbox: nothing comes after this frame
		return writer.AppendFrame(dst, c.version, frame.CmdDisconnect, []frame.Field{receipt}, nil)
	})
	c.l.SetHeartBeat(0, 0)
	return err == nil || errors.Is(err, ErrUnknownOutcome)
}
