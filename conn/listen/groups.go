package listen

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// groups holds the listeners by the methods they have, each group in the order of the names.
type groups struct {
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
	onEvent                 []EventListener
}

// add enters l into each group whose method it has, and returns how many those are.
func (g *groups) add(l any) int {
	return join(&g.onConnecting, l) + join(&g.onSend, l) + join(&g.onConnected, l) +
		join(&g.onBeforeMessage, l) + join(&g.onMessage, l) + join(&g.onReceipt, l) +
		join(&g.onError, l) + join(&g.onHeartBeat, l) + join(&g.onHeartBeatTimeout, l) +
		join(&g.onDisconnecting, l) + join(&g.onReceiverLoopCompleted, l) +
		join(&g.onDisconnected, l) + join(&g.onEvent, l)
}

func join[L any](group *[]L, l any) int {
	fitting, ok := l.(L)
	if !ok {
		return 0
	}
	*group = append(*group, fitting)
	return 1
}

// tell calls the methods that stand for e. Deferred calls run although a listener has panicked.
func (g *groups) tell(ctx context.Context, e *conn.Event) {
	defer g.tellMethods(ctx, e)
	each(g.onEvent, func(l EventListener) { l.OnEvent(ctx, e) })
}

func (g *groups) tellMethods(ctx context.Context, e *conn.Event) {
	c := Connection{Name: e.Connection, Addr: e.Addr}
	switch e.Kind {
	case conn.EventConnecting:
		each(g.onConnecting, func(l ConnectingListener) { l.OnConnecting(c) })
	case conn.EventSend:
		each(g.onSend, func(l SendListener) { l.OnSend(c, e.Frame) })
	case conn.EventReceived:
		g.received(c, e)
	case conn.EventMessage:
		defer each(g.onMessage, func(l MessageListener) { l.OnMessage(ctx, c, e.Message) })
		each(g.onBeforeMessage, func(l BeforeMessageListener) { l.OnBeforeMessage(ctx, c, e.Message) })
	case conn.EventHeartBeat:
		each(g.onHeartBeat, func(l HeartBeatListener) { l.OnHeartBeat(c) })
	case conn.EventDisconnecting:
		each(g.onDisconnecting, func(l DisconnectingListener) { l.OnDisconnecting(c) })
	case conn.EventDisconnected:
		g.disconnected(c, e.Err)
	}
}

func (g *groups) received(c Connection, e *conn.Event) {
	switch e.Frame.Command {
	case frame.CmdConnected:
		each(g.onConnected, func(l ConnectedListener) { l.OnConnected(c, e.Frame) })
	case frame.CmdReceipt:
		each(g.onReceipt, func(l ReceiptListener) { l.OnReceipt(c, e.Frame) })
	case frame.CmdError:
		if err, ok := e.Err.(*conn.ServerError); ok {
			each(g.onError, func(l ErrorListener) { l.OnError(c, err) })
		}
	}
}

func (g *groups) disconnected(c Connection, err error) {
	// Deferred calls run in reverse order.
	defer each(g.onDisconnected, func(l DisconnectedListener) { l.OnDisconnected(c, err) })
	defer each(g.onReceiverLoopCompleted, func(l ReceiverLoopCompletedListener) { l.OnReceiverLoopCompleted(c) })
	var late *link.TimeoutError
	if errors.As(err, &late) && late.What == link.NoHeartBeat {
		each(g.onHeartBeatTimeout, func(l HeartBeatTimeoutListener) { l.OnHeartBeatTimeout(c) })
	}
}

// each tells every listener of a group. If one panics, the others are told while that panic unwinds,
// so that the client still sees the stack of the listener.
func each[L any](group []L, tell func(l L)) {
	if len(group) == 0 {
		return
	}
	defer each(group[1:], tell)
	tell(group[0])
}
