package listen

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// PrintingListener writes one line for each event. Passcodes are masked. Safe for concurrent use.
type PrintingListener struct {
	emit func(event, text string)

	mu       sync.Mutex
	passcode map[string]string // by connection; some brokers echo it in CONNECTED
}

var (
	_ Listener      = (*PrintingListener)(nil)
	_ EventListener = (*PrintingListener)(nil)
)

// NewPrintingListener returns a listener that writes to w, one Write for each line. It ignores
// errors of w.
func NewPrintingListener(w io.Writer) *PrintingListener {
	var mu sync.Mutex
	return newPrinting(func(event, text string) {
		if text != "" {
			text = " " + text
		}
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.WriteString(w, event+text+"\n")
	})
}

// NewLoggingListener returns a listener that writes to a logger, at level info.
func NewLoggingListener(logger *slog.Logger) *PrintingListener {
	return newPrinting(func(event, text string) { logger.Info("stomp: "+event, "what", text) })
}

func newPrinting(emit func(event, text string)) *PrintingListener {
	return &PrintingListener{emit: emit, passcode: make(map[string]string)}
}

// maxPrintedBody is how many bytes of a body are printed.
const maxPrintedBody = 256

// printed returns a frame as one line. Frame.String masks the passcode header.
func printed(f *frame.Frame) string {
	text := f.String()
	if len(f.Body) > 0 {
		text += fmt.Sprintf(" %q", f.Body[:min(len(f.Body), maxPrintedBody)])
	}
	return text
}

func printedMessage(m *conn.Message) string {
	return printed(&frame.Frame{Command: frame.CmdMessage, Header: m.Header, Body: m.Body})
}

// OnConnecting prints the address.
func (p *PrintingListener) OnConnecting(c Connection) { p.emit("on_connecting", c.Addr) }

// OnSend prints the frame.
func (p *PrintingListener) OnSend(c Connection, f *frame.Frame) {
	if f.Command == frame.CmdConnect || f.Command == frame.CmdStomp {
		p.mu.Lock()
		p.passcode[c.Name] = f.Header.Text(frame.HeaderPasscode)
		p.mu.Unlock()
	}
	p.emit("on_send", printed(f))
}

// OnConnected prints the frame.
func (p *PrintingListener) OnConnected(c Connection, f *frame.Frame) {
	p.emit("on_connected", p.mask(c, printed(f)))
}

// mask hides the passcode of the connection in text in which values are quoted.
func (p *PrintingListener) mask(c Connection, text string) string {
	p.mu.Lock()
	secret := p.passcode[c.Name]
	p.mu.Unlock()
	if secret == "" {
		return text
	}
	quoted := strconv.Quote(secret)
	return strings.ReplaceAll(text, quoted[1:len(quoted)-1], "***")
}

// OnBeforeMessage prints the message.
func (p *PrintingListener) OnBeforeMessage(_ context.Context, _ Connection, m *conn.Message) {
	p.emit("on_before_message", printedMessage(m))
}

// OnMessage prints the message.
func (p *PrintingListener) OnMessage(_ context.Context, _ Connection, m *conn.Message) {
	p.emit("on_message", printedMessage(m))
}

// OnReceipt prints the frame.
func (p *PrintingListener) OnReceipt(_ Connection, f *frame.Frame) {
	p.emit("on_receipt", printed(f))
}

// OnError prints the error, in which the client has masked the passcode.
func (p *PrintingListener) OnError(_ Connection, err *conn.ServerError) {
	p.emit("on_error", err.Error())
}

// OnHeartBeat prints the event.
func (p *PrintingListener) OnHeartBeat(Connection) { p.emit("on_heartbeat", "") }

// OnHeartBeatTimeout prints the event.
func (p *PrintingListener) OnHeartBeatTimeout(Connection) { p.emit("on_heartbeat_timeout", "") }

// OnDisconnecting prints the event.
func (p *PrintingListener) OnDisconnecting(Connection) { p.emit("on_disconnecting", "") }

// OnReceiverLoopCompleted prints the event.
func (p *PrintingListener) OnReceiverLoopCompleted(Connection) {
	p.emit("on_receiver_loop_completed", "")
}

// OnDisconnected prints the reason.
func (p *PrintingListener) OnDisconnected(_ Connection, err error) {
	p.emit("on_disconnected", err.Error())
}

// OnEvent prints what no other method is told of.
func (p *PrintingListener) OnEvent(_ context.Context, e *conn.Event) {
	switch e.Kind {
	case conn.EventRetry:
		p.emit("on_retry", fmt.Sprintf("in %v: %v", e.Pause, e.Err))
	case conn.EventSubscription:
		p.emit("on_subscription", fmt.Sprintf("%s: %v", e.Subscription.Destination(), orRenewed(e.Err)))
	case conn.EventSkipped:
		p.emit("on_skipped", fmt.Sprintf("%s: %v", printedMessage(e.Message), e.Err))
	case conn.EventPanic:
		p.emit("on_panic", e.Err.Error())
	}
}

func orRenewed(err error) any {
	if err == nil {
		return "renewed"
	}
	return err
}
