package conn

import (
	"context"
	"math"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/writer"
)

// EventKind says what has happened.
type EventKind uint8

const (
	EventConnecting    EventKind = iota + 1 // an address was reached, CONNECT comes next
	EventSend                               // Frame is sent, CONNECT with its passcode included
	EventReceived                           // Frame has come: CONNECTED, RECEIPT, or ERROR, which Err is, too
	EventMessage                            // Message has come; its Header and Body may be changed
	EventHeartBeat                          // lone EOLs have come, once for all that came together
	EventConnected                          // the connection is restored, and calls may use it
	EventRetry                              // no address of a round could be reached: Err, and Pause before the next
	EventSubscription                       // Subscription was refused or cancelled with Err, or is renewed if that is nil
	EventSkipped                            // Message, without its body, was above our limits: Err
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

// Event is what Config.Trace is told. It is borrowed, like its Frame and Message: valid until
// Trace returns.
//
// The events of one connection come in this order, where what does not happen is left out:
//
//	EventConnecting → EventSend (CONNECT) → EventReceived (CONNECTED) → EventConnected →
//	everything else →
//	EventDisconnecting → EventSend (DISCONNECT) → EventReceived (RECEIPT) → EventDisconnected
//
// EventSend runs on the goroutine of the sender. Of SEND, ACK, NACK and the frames of transactions it
// may come after the frame has left, and after its answer; of all others it comes before.
// EventConnecting, EventConnected, EventRetry, EventSubscription and EventDisconnecting run on
// goroutines of the client's own. EventDisconnected runs on whatever goroutine ends the connection,
// before the next one is made; a handler of the old one may still be busy. The others run on the
// goroutine that reads. Trace must be safe for concurrent use, and must not block: what waits for
// that goroutine waits for Trace. With messages, ctx is that of the handlers.
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

// trace tells of something that has happened on the connection. Config.Trace is set.
func (w *wire) trace(e *Event) {
	e.Connection, e.Addr = w.slot.core.Name, w.addr
	ctx := w.ctx
	w.c.guard(nil, func() { w.c.cfg.Trace(ctx, e) })
}

// trace tells of something that has happened to the client.
func (c *Client) trace(e *Event) {
	if c.cfg.Trace != nil {
		c.guard(nil, func() { c.cfg.Trace(context.Background(), e) })
	}
}

// traceSend tells of the frames that are sent, given as they are on the wire; nil is for none,
// which costs nothing.
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
			return // nothing that we write fails to parse
		}
		w.trace(&Event{Kind: EventSend, Frame: f})
		wire = wire[n:]
	}
}

// announce tells of a frame before it is written with commitTold, so that its answer cannot be told
// first. It encodes the frame a second time, because no lock may be held while Trace runs.
func (w *wire) announce(cmd frame.Command, fields []frame.Field) {
	if w.c.cfg.Trace == nil {
		return
	}
	if out, err := writer.AppendFrame(nil, w.version, cmd, fields, nil); err == nil {
		w.traceSend(out)
	}
}

// commit puts the frames in flight that were appended to buf, which gave out. If they are too
// large, or err says that there are none, it takes them back.
func (w *wire) commit(buf, out []byte, err error) error {
	if err == nil && !w.traced && w.checkSize(len(out)-len(buf)) == nil {
		w.l.Commit(out) // the way of nearly every frame: the outbox is locked, so it is short
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

// check takes back what was appended to buf if it is too large, or if err says that there is none.
func (w *wire) check(buf, out []byte, err error) error {
	if err == nil {
		err = w.checkSize(len(out) - len(buf))
	}
	if err != nil {
		w.l.Commit(buf)
	}
	return err
}

// traceCommit commits out, which begins with buf, and tells of the frame that was added: when
// it is on its way, because no lock may be held then.
func (w *wire) traceCommit(buf, out []byte) { w.traceSend(w.commitCopied(buf, out)) }

// commitCopied commits out, and returns a copy of what is behind buf if it is to be traced.
func (w *wire) commitCopied(buf, out []byte) (sent []byte) {
	if w.traced {
		sent = append([]byte(nil), out[len(buf):]...)
	}
	w.l.Commit(out)
	return sent
}
