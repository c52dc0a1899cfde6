package session

import (
	"errors"
	"strings"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/pool"
)

func (w *world) producerEvent(l *line) {
	p := &wireProducer{name: l.word(1), bodies: map[uint64]string{}, outcomes: map[uint64]int{}}
	core, err := w.c.NewProducer(w.slot(l), ProducerConfig{
		Window: l.number("window", 100), Timeout: l.duration("timeout", 0), Redeliver: l.has("redeliver"),
		MaxBytes: l.number("max-bytes", 1<<20), InOrder: l.has("in-order"), Silent: l.has("silent"),
		ReceiptEvery: l.number("every", 0),
	}, p)
	if err != nil {
		w.say("producer %s: %v", p.name, err)
		return
	}
	p.p = core
	w.producers[p.name] = p
	w.c.Want(core.Slot(), w.now)
}

func (w *world) producer(name string) *wireProducer {
	if p := w.producers[name]; p != nil {
		return p
	}
	fail("there is no producer %q", name)
	return nil
}

// sendEvent sends each text, or waits as the caller of Send would.
func (w *world) sendEvent(l *line) {
	p := w.producer(l.word(1))
	for n, body := range l.texts {
		queued := false
		for _, b := range l.texts[:n] {
			queued = queued || b != "" && strings.HasSuffix(w.lastSaid(), "waits")
		}
		if queued || !w.trySend(p, body) {
			if !queued {
				w.say("send %s %q waits", p.name, body)
			}
			w.waiting = append(w.waiting, func() bool { return w.trySend(p, body) })
		}
	}
}

func (w *world) lastSaid() string {
	if len(w.said) == 0 {
		return ""
	}
	return w.said[len(w.said)-1]
}

// trySend reports whether the message has left, or its caller has an error.
func (w *world) trySend(p *wireProducer, body string) bool {
	if err := w.c.EndOf(p.p); err != nil {
		w.say("send %s %q: %v", p.name, body, err)
		return true
	}
	if err := w.c.Refused(); err != nil {
		w.say("send %s %q: %v", p.name, body, err)
		return true
	}
	conn := p.p.Slot().Conn()
	if conn == nil {
		return false
	}
	end, seq := w.end(conn), p.p.Last()+1
	var copied *pool.Buffer
	if p.p.cfg.Redeliver {
		copied = copyOf(body)
	}
	switch w.c.Open(p.p, conn, seq, uint64(end.frames), copied) {
	case Opened:
		p.bodies[seq] = body
		w.write(end, w.sendFrame(p, seq, body, false))
		return true
	case Ended:
		w.faultf("%s has ended without an error", p.name)
	}
	if copied != nil {
		copied.Release()
	}
	return false
}

func (w *world) sendFrame(p *wireProducer, seq uint64, body string, duplicate bool) string {
	fields := []frame.Field{{Name: "receipt", Value: w.receipt(string(AppendSendReceiptID(nil, p.p, seq)))}}
	if duplicate {
		fields = append(fields, frame.Field{Name: "possible-duplicate", Value: "true"})
	}
	return show("SEND", fields, body)
}

func (w *world) flushEvent(l *line) {
	p := w.producer(l.word(1))
	call := w.call("flush " + p.name)
	w.calls["flush "+p.name] = call
	if upTo := l.number("to", 0); upTo > 0 {
		w.c.FlushTo(p.p, uint64(upTo), call)
	} else {
		w.c.Flush(p.p, call)
	}
}

func (w *world) stopEvent(l *line) { w.c.StopProducer(w.producer(l.word(1)).p) }

func (w *world) endEvent(l *line) {
	w.c.EndProducer(w.producer(l.word(1)).p, errors.New("given up"))
}

func (w *world) tallyEvent(l *line) {
	p := w.producer(l.word(1)).p
	t := p.Tally()
	w.say("%d confirmed, %d rejected, %d unknown, %d not sent, %d open, room for %d",
		t.Confirmed, t.Rejected, t.Unknown, t.NotSent, p.Unsettled(), p.Free())
}

// resendEvent sends again one message of a producer.
func (w *world) resendEvent(l *line) {
	p := w.producer(l.word(1))
	switch {
	case p.resend == nil:
		w.say("there is nothing to send again")
	case l.has("too-large"):
		next, ok := w.c.NextResend(p.p, p.resend, p.last)
		if ok {
			w.c.CannotResend(p.p, next.Seq, errors.New("too large for this broker"))
		}
	default:
		w.resend(p, p.resend, 1)
	}
}

func (w *world) reportsEvent(l *line) {
	w.slowReports = false
	w.endReports()
}

func (w *world) beginEvent(l *line) {
	conn := w.connFor(l, w.c.Slots()[0])
	if conn == nil {
		w.say("begin: %s", w.refusal())
		return
	}
	tx, err := w.c.Begin(conn, l.word(1))
	if err != nil {
		w.say("begin: %s", orOK(err))
		return
	}
	w.txs[tx.ID] = tx
	w.write(w.end(conn), "BEGIN transaction:"+tx.ID)
}

// commitEvent is COMMIT or ABORT.
func (w *world) commitEvent(l *line) {
	tx := w.txs[l.word(1)]
	if tx == nil {
		fail("there is no transaction %q", l.word(1))
	}
	label := l.word(0) + " " + tx.ID
	call, end := w.call(label), w.end(tx.Conn())
	abort, id, err := w.c.End(tx, l.word(0) == "abort", call, uint64(end.frames), w.now)
	if err != nil {
		delete(w.open, call)
		w.say("%s: %s", label, orOK(err))
		return
	}
	w.calls[label] = call
	command := "COMMIT"
	if abort {
		command = "ABORT"
	}
	w.write(end, show(command, append([]frame.Field{{Name: "transaction", Value: tx.ID}}, w.receiptField(id)...), ""))
}
