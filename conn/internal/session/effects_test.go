package session

import (
	"errors"
	"strconv"

	"github.com/stompwire/stompwire/frame"
)

// drain carries out the effects so far, those of completed calls first.
func (w *world) drain() {
	for w.c.Pending() {
		for _, call := range w.c.TakeCompleted(nil) {
			w.done(call)
		}
		w.queue = w.c.Take(w.queue)
		if w.lazy {
			return
		}
		w.carryOutAll()
	}
}

func (w *world) carryOutAll() {
	for len(w.queue) > 0 {
		w.carryOutOne()
	}
}

func (w *world) carryOutOne() {
	e := w.queue[0]
	w.queue = w.queue[1:]
	w.carryOut(&e)
}

func (w *world) carryOut(e *Effect) {
	switch e.Kind {
	case EffectDial:
		end := &wireEnd{name: "c" + strconv.Itoa(int(e.Conn.Number)), conn: e.Conn}
		w.conns[end.name] = end
		if w.c.cfg.Addresses > 1 {
			w.say("dial %s for %s at address %d", end.name, e.Slot.Name, e.Conn.Address+1)
		} else {
			w.say("dial %s for %s", end.name, e.Slot.Name)
		}
	case EffectClose:
		w.closeEnd(w.end(e.Conn), e.Err)
	case EffectGoodbye:
		w.say("close %s in good order", w.end(e.Conn).name)
		w.close(w.end(e.Conn), nil)
	case EffectDisconnect:
		w.write(w.end(e.Conn), show("DISCONNECT", w.receiptField(e.Receipt), ""))
	case EffectSubscribe, EffectUnsubscribe, EffectTakeOver, EffectSubscription, EffectSubscriptionEnded:
		w.carryOutSub(e)
	case EffectResend:
		p := e.Producer.User.(*wireProducer)
		p.resend, p.serial, p.last = e.Conn, e.Serial, 0
		if !w.slowResend {
			w.waiting = append(w.waiting, func() bool { return w.resend(p, e.Conn, 1<<30) })
		}
	case EffectMove:
		w.say("%s moves to %s", e.Producer.User.(*wireProducer).name, e.Slot.Name)
	case EffectOpen:
		w.end(e.Conn).open = true
	case EffectShut:
		w.end(e.Conn).open = false
	case EffectRefuse:
		w.say("new calls fail: %v", e.Err)
	case EffectReport:
		w.report(e.Producer)
	case EffectQuiesce:
		w.quiesce = true
		if !w.busy {
			w.quiet()
		}
	case EffectState:
		w.state(e)
	case EffectEnded:
		w.say("the client has ended: %s", orOK(e.Err))
	default:
		w.faultf("unknown effect %d", e.Kind)
	}
}

func (w *world) quiet() {
	w.quiesce = false
	w.c.Quiet(w.now)
	w.drain()
}

func (w *world) closeEnd(end *wireEnd, cause error) {
	if end.gone {
		if !w.wasLazy { // what is done late may be too late
			w.faultf("close of %s, which is gone", end.name)
		}
		return
	}
	if end.told {
		w.faultf("%s is closed twice", end.name)
	}
	if end.told = true; end.closed { // by ourselves
		return
	}
	if cause != nil {
		w.say("close %s: %v", end.name, cause)
	} else {
		w.say("close %s", end.name)
	}
	w.close(end, cause)
}

func (w *world) close(end *wireEnd, cause error) {
	end.closed = true
	if cause == nil {
		cause = errEOF
	}
	end.cause = cause
	if !w.slowClose {
		w.closes = append(w.closes, end)
	}
}

// state shows the states that no other line implies.
func (w *world) state(e *Effect) {
	if e.From == e.To && e.To != StateConnecting {
		w.faultf("%s enters %v from %v", e.Slot.Name, e.To, e.From)
	}
	switch e.To {
	case StateConnecting: // dial says so
	case StateBackingOff:
		w.say("%s pauses for %v: %v", e.Slot.Name, e.Pause, e.Err)
	case StateLost:
		w.say("%s has lost its connection: %v", e.Slot.Name, e.Err)
	default:
		w.say("%s is %v", e.Slot.Name, e.To)
	}
}

func (w *world) carryOutSub(e *Effect) {
	s := e.Sub.User.(*wireSub)
	switch e.Kind {
	case EffectSubscribe:
		fields := []frame.Field{{Name: "id", Value: e.Sub.ID}, {Name: "destination", Value: e.Sub.Destination}}
		if e.Sub.Ack != frame.AckAuto {
			fields = append(fields, frame.Field{Name: "ack", Value: e.Sub.Ack.String()})
		}
		if s.durable != "" && e.Conn.Dialect.DurableName == "" {
			w.c.SubscribeFailed(e.Sub, e.Conn, errors.New("this broker has no durable subscriptions"), w.now)
			return
		}
		if s.durable != "" {
			fields = append(fields, frame.Field{Name: e.Conn.Dialect.DurableName, Value: s.durable})
			fields = append(fields, e.Conn.Dialect.Durable...)
		}
		s.taken, s.unacked = false, nil
		w.c.Asking(e.Sub, e.Conn, s.durable != "")
		w.write(w.end(e.Conn), show("SUBSCRIBE", append(fields, w.receiptField(e.Receipt)...), ""))
	case EffectUnsubscribe:
		fields := []frame.Field{{Name: "id", Value: e.Sub.ID}}
		if e.Durable {
			end, err := e.Conn.Dialect.EndDurableFields(s.durable)
			if err != nil {
				w.c.UnsubscribeFailed(e.Sub, err, w.now)
				return
			}
			fields = append(fields, end...)
		}
		w.write(w.end(e.Conn), show("UNSUBSCRIBE", append(fields, w.receiptField(e.Receipt)...), ""))
	case EffectTakeOver:
		w.carryOutTakeOver(e, s)
	case EffectSubscription:
		if e.Err == nil {
			w.say("%s is alive again", s.name)
		} else {
			w.say("%s is refused: %v", s.name, orOK(e.Err))
		}
	case EffectSubscriptionEnded:
		if s.ended++; s.ended > 1 {
			w.faultf("%s ends twice", s.name)
		}
		w.say("%s has ended: %s", s.name, orOK(e.Err))
	}
}

func (w *world) carryOutTakeOver(e *Effect, s *wireSub) {
	end, mode := w.end(e.Conn), ""
	if e.Sub.Ack != frame.AckAuto {
		s.taken, mode = true, " ack:client-individual"
	}
	w.write(end, "UNSUBSCRIBE id:"+e.Sub.ID)
	w.write(end, show("SUBSCRIBE id:"+e.Sub.ID+" destination:/topic/nobody"+mode, w.receiptField(e.Receipt), ""))
	for _, ack := range s.unacked {
		w.write(end, "NACK id:"+ack)
	}
	s.unacked = nil
}

func (w *world) receiptField(id uint64) []frame.Field {
	if id == 0 {
		return nil
	}
	return []frame.Field{{Name: "receipt", Value: w.callReceipt(id)}}
}

// resend sends again up to n messages, and reports whether nothing is left to do.
func (w *world) resend(p *wireProducer, conn *Conn, n int) bool {
	for ; p.resend == conn; n-- {
		if p.serial && p.last > 0 && p.p.find(p.last) != nil && conn.Alive() {
			return false // its outcome comes first
		}
		next, ok := w.c.NextResend(p.p, conn, p.last)
		if !ok {
			p.resend = nil
			w.c.Resent(p.p, conn)
			return true
		}
		if n <= 0 {
			return false
		}
		p.last = next.Seq
		end := w.end(conn)
		if w.c.Resend(p.p, conn, next.Seq, uint64(end.frames)) {
			w.write(end, w.sendFrame(p, next.Seq, string(next.Copied.B), next.Duplicate))
		}
	}
	return true
}

// report hands out the outcomes of p.
func (w *world) report(core *Producer) {
	p := core.User.(*wireProducer)
	for {
		var room [4]Outcome
		n := w.c.TakeReports(core, room[:])
		if n == 0 {
			return
		}
		for _, o := range room[:n] {
			if p.outcomes[o.Seq]++; p.outcomes[o.Seq] > 1 {
				w.faultf("%s #%d has two outcomes", p.name, o.Seq)
			}
			if o.Err != nil {
				w.say("%s #%d is %v: %v", p.name, o.Seq, o.Status, orOK(o.Err))
			} else {
				w.say("%s #%d is %v", p.name, o.Seq, o.Status)
			}
		}
		if w.slowReports {
			p.held = append(p.held, room[:n]...)
			continue
		}
		w.c.Told(core, room[:n])
		w.drain()
	}
}

func (w *world) endReports() {
	for _, name := range sortedNames(w.producers) {
		p := w.producers[name]
		held := p.held
		p.held = nil
		w.c.Told(p.p, held)
		w.report(p.p)
	}
}
