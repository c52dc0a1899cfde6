package session

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

// frameFrom is a frame of the broker.
func (w *world) frameFrom(end *wireEnd, l *line) error {
	if end.gone {
		return errors.New(end.name + " is gone")
	}
	switch command := l.word(2); command {
	case "CONNECTED":
		w.connected(end, l)
	case "RECEIPT":
		if p := w.c.Receipt(end.conn, []byte(w.receiptID(l.word(3))), w.now); p != nil {
			w.report(p)
		}
	case "ERROR":
		w.errorFrom(end, l)
	case "MESSAGE":
		w.message(end, l)
	default:
		return fmt.Errorf("unknown frame %q", command)
	}
	return nil
}

func (w *world) receiptID(name string) string {
	if id := w.receiptIDs[name]; id != "" {
		return id
	}
	return name
}

func (w *world) connected(end *wireEnd, l *line) {
	h := Hello{Version: "1.2", Server: w.server}
	for _, o := range l.options {
		switch o.Name {
		case "version":
			h.Version = o.Value
		case "server":
			h.Server = o.Value
		case "heart-beat":
			h.HeartBeat = o.Value
		}
	}
	p, err := w.c.Agree(h)
	if err == nil {
		if end.closed {
			return // the driver reads no more
		}
		err = w.c.Connected(end.conn, p, w.now)
	}
	if err != nil {
		w.say("%s is of no use: %v", end.name, err)
		w.close(end, err)
	}
}

func (w *world) errorFrom(end *wireEnd, l *line) {
	e := &ServerError{Body: []byte(l.text())}
	for _, o := range l.options {
		switch o.Name {
		case "message":
			e.Message = o.Value
		case "receipt-id":
			o.Value = w.receiptID(o.Value)
			e.ReceiptID = o.Value
		}
		e.Header = append(e.Header, o)
	}
	dialling := end.conn.state == connDialing
	p, answered := w.c.ServerError(end.conn, e, w.now)
	if p != nil {
		w.report(p)
	}
	switch {
	case dialling:
		w.close(end, e)
	case !answered && !w.c.Pending():
		w.say("(no call is answered)")
	}
}

// connFor returns the connection that option on names, or that of the first slot.
func (w *world) connFor(l *line, def *Slot) *Conn {
	if name, ok := l.option("on"); ok {
		if end := w.conns[name]; end != nil {
			return end.conn
		}
		fail("there is no connection %q", name)
	}
	return def.Conn()
}

func (w *world) refusal() string {
	if err := w.c.Refused(); err != nil {
		return err.Error()
	}
	return "not connected"
}

func (w *world) confirmEvent(l *line) {
	label := "confirm " + l.word(1)
	conn := w.connFor(l, w.c.Slots()[0])
	if conn == nil || w.c.Refused() != nil {
		w.say("%s: %s", label, w.refusal())
		return
	}
	end, call := w.end(conn), w.call(label)
	if tx := w.txs[optionOr(l, "in", "")]; tx != nil {
		if err := w.c.Owe(tx, call, uint64(end.frames)); err != nil {
			delete(w.open, call)
			w.say("%s: %s", label, orOK(err))
			return
		}
		delete(w.open, call) // COMMIT waits for it, and nobody else
		if l.has("unsent") {
			w.c.Disown(call)
			return
		}
	} else if err := w.c.Expect(call, CallSend, conn, uint64(end.frames), w.deadline(l)); err != nil {
		delete(w.open, call)
		w.say("%s: %s", label, orOK(err))
		return
	}
	w.calls[label] = call
	w.write(end, sendText(l, w.callReceipt(call.ID)))
}

// deadline is that of a single send. While its body streams there is none yet.
func (w *world) deadline(l *line) Time {
	if l.has("streams") {
		return never
	}
	return w.now + l.duration("timeout", 30*time.Second)
}

// streamedEvent is the end of a body.
func (w *world) streamedEvent(l *line) {
	if call := w.calls["confirm "+l.word(1)]; call != nil && call.Live() {
		w.c.SetDeadline(call, w.deadline(l))
	}
}

func optionOr(l *line, name, def string) string {
	if s, ok := l.option(name); ok {
		return s
	}
	return def
}

func sendText(l *line, receipt string) string {
	fields := []frame.Field{{Name: "destination", Value: l.word(2)}}
	if tx, ok := l.option("in"); ok {
		fields = append(fields, frame.Field{Name: "transaction", Value: tx})
	}
	if receipt != "" {
		fields = append(fields, frame.Field{Name: "receipt", Value: receipt})
	}
	return show("SEND", fields, l.text())
}

func (w *world) plainEvent(l *line) {
	conn := w.connFor(l, w.c.Slots()[0])
	if conn == nil || !conn.Alive() {
		w.say("plain: %s", w.refusal())
		return
	}
	if tx := w.txs[optionOr(l, "in", "")]; tx != nil {
		if err := w.c.Use(tx); err != nil {
			w.say("plain: %s", orOK(err))
			return
		}
	} else {
		w.c.SentPlain(conn)
	}
	w.write(w.end(conn), sendText(&line{words: append([]string{""}, l.words...), options: l.options, texts: l.texts}, ""))
}

// giveUpEvent ends the wait of a call whose caller's context has ended.
func (w *world) giveUpEvent(l *line) {
	label := strings.Join(l.words[1:], " ")
	call := w.calls[label]
	if call == nil {
		fail("there is no call %q", label)
	}
	if _, ok := w.open[call]; !ok {
		return
	}
	delete(w.open, call)
	err := errors.New("canceled")
	if tx := w.txs[l.word(2)]; tx != nil {
		err = w.c.CancelTx(tx, err)
	} else {
		err = w.c.Expired(call, err)
	}
	call.Err = err
	call.live = true // it serves another caller now: the core may not touch it any more
	w.say("%s: %s", label, orOK(err))
}

func (w *world) requestEvent(l *line) {
	label := "request " + l.word(1)
	conn := w.connFor(l, w.c.Slots()[0])
	if conn == nil || w.c.Refused() != nil {
		w.say("%s: %s", label, w.refusal())
		return
	}
	replyTo, ready := w.c.ReplyTo(conn)
	if !ready {
		label := "replies for " + l.word(1)
		w.calls[label] = w.call(label)
		w.openReplies(l, conn, w.calls[label])
		return
	}
	call, end := w.call(label), w.end(conn)
	if err := w.c.Expect(call, CallRequest, conn, uint64(end.frames), w.now+l.duration("timeout", 5*time.Second)); err != nil {
		w.say("%s: %s", label, orOK(err))
		return
	}
	w.calls[label] = call
	correlation := string(AppendCorrelationID(nil, call))
	w.receiptIDs[l.word(1)] = correlation
	w.write(end, show("SEND", []frame.Field{{Name: "destination", Value: l.word(2)}, {Name: "reply-to", Value: replyTo},
		{Name: "correlation-id", Value: l.word(1)}}, l.text()))
}

// openReplies subscribes to the queue for replies, and repeats the request then.
func (w *world) openReplies(l *line, conn *Conn, call *Call) {
	s := &wireSub{name: strings.TrimPrefix(w.alias(conn.Slot.replyQueue), "/temp-queue/")}
	sub, err := w.c.Replies(conn.Slot, call, s, w.now)
	if err != nil {
		delete(w.open, call)
		w.say("%s: %s", call.User, orOK(err))
		return
	}
	if sub.User == any(s) {
		s.sub = sub
		w.subs[s.name] = s
	}
	w.waiting = append(w.waiting, func() bool {
		if _, open := w.open[call]; open {
			return false
		}
		if call.Err == nil {
			w.requestEvent(l)
		}
		return true
	})
}

func copyOf(body string) *pool.Buffer {
	b := pool.Get(len(body))
	b.B = append(b.B, body...)
	return b
}
