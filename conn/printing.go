package conn

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/stompwire/stompwire/frame"
)

// PrintingListener writes a line for everything that it is told. The passcode is
// masked. Safe for concurrent use.
type PrintingListener struct {
	mu   sync.Mutex
	emit func(event, text string)
}

var _ Listener = (*PrintingListener)(nil)

// NewPrintingListener returns a listener that writes to w, one Write per line.
// Errors of w are ignored.
func NewPrintingListener(w io.Writer) *PrintingListener {
	p := new(PrintingListener)
	p.emit = func(event, text string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if text != "" {
			text = " " + text
		}
		_, _ = io.WriteString(w, event+text+"\n")
	}
	return p
}

// NewLoggingListener returns a listener that writes to a logger, on level info.
func NewLoggingListener(logger *slog.Logger) *PrintingListener {
	return &PrintingListener{emit: func(event, text string) { logger.Info("stomp: "+event, "what", text) }}
}

// printedBody is how much of a body is printed.
const printedBody = 256

func printed(f *frame.Frame) string {
	text := f.String()
	if len(f.Body) > 0 {
		text += fmt.Sprintf(" %q", f.Body[:min(len(f.Body), printedBody)])
	}
	return text
}

// OnConnecting implements Listener.
func (p *PrintingListener) OnConnecting(_ *Conn, addr string) { p.emit("on_connecting", addr) }

// OnSend implements Listener.
func (p *PrintingListener) OnSend(_ *Conn, f *frame.Frame) { p.emit("on_send", printed(f)) }

// OnConnected implements Listener.
func (p *PrintingListener) OnConnected(c *Conn, f *frame.Frame) {
	p.emit("on_connected", maskPrinted(printed(f), c.cfg.Passcode))
}

// OnBeforeMessage implements Listener.
func (p *PrintingListener) OnBeforeMessage(_ context.Context, m *Message) {
	p.emit("on_before_message", printedMessage(m))
}

// OnMessage implements Listener.
func (p *PrintingListener) OnMessage(_ context.Context, m *Message) {
	p.emit("on_message", printedMessage(m))
}

func printedMessage(m *Message) string {
	return printed(&frame.Frame{Command: frame.CmdMessage, Header: m.Header, Body: m.Body})
}

// OnReceipt implements Listener.
func (p *PrintingListener) OnReceipt(_ *Conn, f *frame.Frame) { p.emit("on_receipt", printed(f)) }

// OnError implements Listener.
func (p *PrintingListener) OnError(_ *Conn, err *ServerError) { p.emit("on_error", err.Error()) }

// OnHeartBeat implements Listener.
func (p *PrintingListener) OnHeartBeat(*Conn) { p.emit("on_heartbeat", "") }

// OnHeartBeatTimeout implements Listener.
func (p *PrintingListener) OnHeartBeatTimeout(*Conn) { p.emit("on_heartbeat_timeout", "") }

// OnDisconnecting implements Listener.
func (p *PrintingListener) OnDisconnecting(*Conn) { p.emit("on_disconnecting", "") }

// OnReceiverLoopCompleted implements Listener.
func (p *PrintingListener) OnReceiverLoopCompleted(*Conn) { p.emit("on_receiver_loop_completed", "") }

// OnDisconnected implements Listener.
func (p *PrintingListener) OnDisconnected(_ *Conn, err error) {
	p.emit("on_disconnected", err.Error())
}
