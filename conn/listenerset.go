package conn

import (
	"errors"
	"math"

	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// listenerSet is who listens to what, each in the order of the names. It does not
// change.
type listenerSet struct {
	onConnecting            []ConnectingListener
	onSend                  []SendListener
	onConnected             []ConnectedListener
	onBeforeMessage         []BeforeMessageListener
	onMessage               []MessageListener
	onReceipt               []ReceiptListener
	onError                 []ErrorListener
	onHeartBeat             []HeartBeatListener
	onHeartBeatTimeout      []HeartBeatTimeoutListener
	onDisconnecting         []DisconnectingListener
	onReceiverLoopCompleted []ReceiverLoopCompletedListener
	onDisconnected          []DisconnectedListener
}

// add enters l wherever it fits and returns in how many places that was.
func (set *listenerSet) add(l any) int {
	return join(&set.onConnecting, l) + join(&set.onSend, l) + join(&set.onConnected, l) +
		join(&set.onBeforeMessage, l) + join(&set.onMessage, l) + join(&set.onReceipt, l) +
		join(&set.onError, l) + join(&set.onHeartBeat, l) + join(&set.onHeartBeatTimeout, l) +
		join(&set.onDisconnecting, l) + join(&set.onReceiverLoopCompleted, l) + join(&set.onDisconnected, l)
}

func join[L any](list *[]L, l any) int {
	fitting, ok := l.(L)
	if !ok {
		return 0
	}
	*list = append(*list, fitting)
	return 1
}

// each tells every one of a list.
func each[L any](c *Conn, list []L, tell func(l L)) {
	for _, l := range list {
		c.guard(func() { tell(l) })
	}
}

func (set *listenerSet) connecting(c *Conn, addr string) {
	each(c, set.onConnecting, func(l ConnectingListener) { l.OnConnecting(c, addr) })
}

func (set *listenerSet) connected(c *Conn, f *frame.Frame) {
	each(c, set.onConnected, func(l ConnectedListener) { l.OnConnected(c, f) })
}

func (set *listenerSet) message(c *Conn, m *Message) {
	each(c, set.onBeforeMessage, func(l BeforeMessageListener) { l.OnBeforeMessage(c.ctx, m) })
	each(c, set.onMessage, func(l MessageListener) { l.OnMessage(c.ctx, m) })
}

func (set *listenerSet) receipt(c *Conn, f *frame.Frame) {
	each(c, set.onReceipt, func(l ReceiptListener) { l.OnReceipt(c, f) })
}

func (set *listenerSet) failed(c *Conn, err *ServerError) {
	each(c, set.onError, func(l ErrorListener) { l.OnError(c, err) })
}

func (set *listenerSet) heartBeat(c *Conn) {
	each(c, set.onHeartBeat, func(l HeartBeatListener) { l.OnHeartBeat(c) })
}

func (set *listenerSet) disconnecting(c *Conn) {
	each(c, set.onDisconnecting, func(l DisconnectingListener) { l.OnDisconnecting(c) })
}

func (set *listenerSet) disconnected(c *Conn, err error) {
	var late *link.TimeoutError
	if errors.As(err, &late) && late.What == link.NoHeartBeat {
		each(c, set.onHeartBeatTimeout, func(l HeartBeatTimeoutListener) { l.OnHeartBeatTimeout(c) })
	}
	each(c, set.onReceiverLoopCompleted, func(l ReceiverLoopCompletedListener) { l.OnReceiverLoopCompleted(c) })
	each(c, set.onDisconnected, func(l DisconnectedListener) { l.OnDisconnected(c, err) })
}

// announce tells of a frame that is about to be sent. It is encoded once more for
// that, so that no lock is held while listeners run.
func (set *listenerSet) announce(c *Conn, encode func() ([]byte, error)) {
	if wire, err := encode(); err == nil {
		set.sent(c, wire)
	}
}

// sent tells of a frame, given as it is on the wire.
func (set *listenerSet) sent(c *Conn, wire []byte) {
	const none = math.MaxInt32
	p := parser.Parser{Version: c.version, Limits: frame.Limits{HeaderLine: none, Headers: none, HeaderBlock: none, Body: none}}
	f, _, err := p.Parse(wire)
	if err != nil {
		return // nothing that we write fails to parse
	}
	each(c, set.onSend, func(l SendListener) { l.OnSend(c, f) })
}

// commitTold commits out, which begins with buf, and then tells of the frame that
// was added: its number, which is in it, is not known before.
func (c *Conn) commitTold(buf, out []byte) { c.tell(c.commitCopied(buf, out)) }

// commitCopied commits out, which begins with buf, and returns a copy of the frame that
// was added, for tell; nil if there was none, or nobody listens.
func (c *Conn) commitCopied(buf, out []byte) (sent []byte) {
	if len(out) > len(buf) && c.cfg.Listeners.sends() != nil {
		sent = append(sent, out[len(buf):]...)
	}
	c.l.Commit(out)
	return sent
}

// tell tells of a frame that is on its way, nil for none.
func (c *Conn) tell(sent []byte) {
	if set := c.cfg.Listeners.sends(); set != nil && sent != nil {
		set.sent(c, sent)
	}
}
