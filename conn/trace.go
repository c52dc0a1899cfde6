package conn

import (
	"context"
	"math"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/writer"
)

// EventKind is the kind of an Event.
type EventKind uint8

const (
	EventConnecting    EventKind = iota + 1 // an address was reached; CONNECT comes next
	EventSend                               // Frame is sent, CONNECT with its passcode included
	EventReceived                           // Frame was received: CONNECTED, RECEIPT, or ERROR, which is also in Err
	EventMessage                            // Message was received; its Header and Body may be changed
	EventHeartBeat                          // heart-beats were received; one event for all of one read
	EventConnected                          // the connection is restored, and calls may use it
	EventRetry                              // no address of a round could be reached: Err; the next round is after Pause
	EventSubscription                       // Subscription was refused or cancelled with Err, or renewed if Err is nil
	EventSkipped                            // Message was above our limits and was skipped; it has no body: Err
	EventPanic                              // user code has panicked: Err, a *PanicError
	EventDisconnecting                      // Disconnect was called
	EventDisconnected                       // the connection has ended with Err
)

var eventNames = [...]string{
	"none", "connecting", "send", "received", "message", "heart-beat", "connected", "retry",
	"subscription", "skipped", "panic", "disconnecting", "disconnected",
}

// String returns the name of the kind.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return eventNames[0]
}

// Event is the argument of Config.Trace. It is borrowed, like its Frame and Message: valid until
// Trace returns.
//
// The events of one connection come in this order; some may be absent:
//
//	EventConnecting → EventSend (CONNECT) → EventReceived (CONNECTED) → EventConnected →
//	everything else →
//	EventDisconnecting → EventSend (DISCONNECT) → EventReceived (RECEIPT) → EventDisconnected
//
// EventSend runs on the goroutine of the sender. For SEND, ACK, NACK and the frames of transactions
// it may come after the frame has left, and after its answer; for all others it comes before.
// EventConnecting, EventConnected, EventRetry, EventSubscription and EventDisconnecting run on
// goroutines of the client. EventDisconnected runs on the goroutine that ends the connection,
// before the next one is made; a handler of the old one may still be running. The others run on the
// goroutine that reads. Trace must be safe for concurrent use, and must not block: everything that
// waits for that goroutine waits for Trace. With messages, ctx is that of the handlers.
type Event struct {
	Kind         EventKind
	Connection   string // "producer 1", "consumer", "shared", "isolated 1"; "" for the client
	Addr         string // of the broker, as in the URI, without secrets
	Frame        *frame.Frame
	Message      *Message
	Subscription *Subscription
	Err          error
	Pause        time.Duration
}

// trace reports an event of the connection to Config.Trace, which must be set.
func (w *wire) trace(e *Event) {
	e.Connection, e.Addr = w.slot.core.Name, w.addr
	ctx := w.ctx
	w.c.guard(nil, func() { w.c.cfg.Trace(ctx, e) })
}

// trace reports an event of the client to Config.Trace, if it is set.
func (c *Client) trace(e *Event) {
	if c.cfg.Trace != nil {
		c.guard(nil, func() { c.cfg.Trace(context.Background(), e) })
	}
}

// traceSend traces the frames in wire, which are encoded; for nil it does nothing and costs
// nothing.
func (w *wire) traceSend(wire []byte) {
	if len(wire) > 0 {
		w.traceFrames(wire)
	}
}

func (w *wire) traceFrames(wire []byte) {
	const none = math.MaxInt32
	p := parser.Parser{Version: w.version, Limits: frame.Limits{HeaderLine: none, Headers: none, HeaderBlock: none, Body: none}}
	for len(wire) > 0 {
		f, n, err := p.Parse(wire)
		if err != nil {
			return // cannot happen: what we write can be parsed
		}
		w.trace(&Event{Kind: EventSend, Frame: f})
		wire = wire[n:]
	}
}

// announce traces a frame before commitTold writes it, so that its answer cannot be traced first.
// It encodes the frame a second time, because no lock may be held while Trace runs.
func (w *wire) announce(cmd frame.Command, fields []frame.Field) {
	if w.c.cfg.Trace == nil {
		return
	}
	if out, err := writer.AppendFrame(nil, w.version, cmd, fields, nil); err == nil {
		w.traceSend(out)
	}
}

// commit commits the frames that were appended to buf, which gave out. If they are too large, or if
// err is not nil, it commits nothing.
func (w *wire) commit(buf, out []byte, err error) error {
	if err == nil && !w.traced && w.checkSize(len(out)-len(buf)) == nil {
		w.l.Commit(out) // the path of nearly every frame; short, because the outbox is locked
		return nil
	}
	if err = w.check(buf, out, err); err != nil {
		return err
	}
	w.traceCommit(buf, out)
	return nil
}

// commitTold is commit for a frame that was announced.
func (w *wire) commitTold(buf, out []byte, err error) error {
	if err = w.check(buf, out, err); err != nil {
		return err
	}
	w.l.Commit(out)
	return nil
}

// check commits nothing if what was appended to buf is too large or err is not nil, and returns the
// error.
func (w *wire) check(buf, out []byte, err error) error {
	if err == nil {
		err = w.checkSize(len(out) - len(buf))
	}
	if err != nil {
		w.l.Commit(buf)
	}
	return err
}

// traceCommit commits out, which begins with buf, and then traces the frames behind buf: after the
// commit, because no lock may be held while Trace runs.
func (w *wire) traceCommit(buf, out []byte) { w.traceSend(w.commitCopied(buf, out)) }

// commitCopied commits out, and returns a copy of what is behind buf if it is to be traced.
func (w *wire) commitCopied(buf, out []byte) (sent []byte) {
	if w.traced {
		sent = append([]byte(nil), out[len(buf):]...)
	}
	w.l.Commit(out)
	return sent
}
