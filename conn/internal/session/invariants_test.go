package session

import (
	"maps"
	"slices"
)

// check looks for what must hold after every event.
func (w *world) check() {
	c := w.c
	if c == nil {
		return
	}
	for _, name := range sortedNames(w.producers) {
		w.checkProducer(w.producers[name])
	}
	for id, call := range c.calls {
		if id != call.ID || !call.live || call.conn != nil && call.conn.state == connGone {
			w.faultf("call %d: kind %d, live %t", id, call.Kind, call.live)
		}
	}
	for _, call := range slices.Collect(maps.Keys(w.open)) {
		if !call.live && call.Kind != CallOwed {
			w.faultf("%s is over, and was not completed", w.open[call])
		}
	}
	for _, s := range c.slots {
		if s.conn != nil && (s.conn.state == connGone || s.conn.Slot != s) {
			w.faultf("%s: has a connection that is gone", s.Name)
		}
		if s.state == StateClosed && s.Role == RoleIsolated {
			w.faultf("%s: is closed and not forgotten", s.Name)
		}
	}
	for _, sub := range c.subs {
		if sub.state == subEnded || (sub.conn == nil) != (sub.state == subWaiting) || sub.conn != nil && sub.conn.state == connGone {
			w.faultf("subscription %s: state %d, connection %v", sub.ID, sub.state, sub.conn != nil)
		}
	}
	owed := map[*Conn]int{}
	for _, call := range c.calls {
		owed[call.conn]++
	}
	for _, sub := range c.subs {
		if c.phase < phaseClosing && !slices.Contains(c.slots, sub.slot) || sub.bound && c.cfg.ClientID != "" && !sub.slot.CarriesClientID() || sub.conn != nil && sub.conn.Slot != sub.slot {
			w.faultf("subscription %s: is on %s", sub.ID, sub.slot.Name)
		}
	}
	for _, end := range w.conns {
		if n := end.conn.owed; n != owed[end.conn] {
			w.faultf("%s: owes %d answers, and %d calls wait", end.name, n, owed[end.conn])
		}
		if end.gone != (end.conn.state == connGone) {
			w.faultf("%s: gone %t", end.name, end.gone)
		}
		if w.lazy || end.gone {
			continue
		}
		if end.open != (end.conn.state == connOpen && !end.conn.Slot.closing) && !end.closed {
			w.faultf("%s: open %t, state %d", end.name, end.open, end.conn.state)
		}
	}
}

// checkWorks looks for what does not work although no fault happens any more.
func (w *world) checkWorks() {
	c := w.c
	if c.phase == phaseClosing || c.phase == phaseClosed {
		if c.Err() == nil || !c.ended {
			w.faultf("the client does not end: %d", c.phase)
		}
		return
	}
	if c.phase == phaseNew {
		return
	}
	for _, s := range c.slots {
		if s.wanted && s.state != StateConnected {
			w.faultf("%s: is %v", s.Name, s.state)
		}
	}
	for _, sub := range c.subs {
		if sub.state != subLive {
			w.faultf("subscription %s: is not alive: %d", sub.ID, sub.state)
		}
	}
	for _, p := range c.producers {
		if p.open > 0 || p.low < p.last || p.conn == nil && p.slot.wanted {
			w.faultf("%s: %d sends have no outcome", p.User.(*wireProducer).name, p.open)
		}
	}
	for call, label := range w.open {
		if call.Kind != CallOwed {
			w.faultf("%s: does not end", label)
		}
	}
}
