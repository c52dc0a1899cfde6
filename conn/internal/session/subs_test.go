package session

import (
	"errors"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

func (w *world) message(end *wireEnd, l *line) {
	id, _ := l.option("subscription")
	id = strings.ReplaceAll(id, replyAlias, w.c.replyQueue)
	if correlation, ok := l.option("correlation-id"); ok || end.conn.IsReplyTo([]byte(id)) {
		if call := w.c.Reply(end.conn, w.receiptID(correlation)); call != nil {
			delete(w.open, call)
			w.say("%s: %q", call.User, l.text())
			return
		}
		w.say("a reply that nobody waits for")
		return
	}
	for _, name := range sortedNames(w.subs) {
		s := w.subs[name]
		if s.sub.ID != id || s.sub.conn != end.conn {
			continue
		}
		ack, _ := l.option("ack")
		switch {
		case s.taken:
			w.write(end, "NACK id:"+ack)
		default:
			if s.sub.Ack != frame.AckAuto {
				s.unacked = append(s.unacked, ack)
			}
			w.say("%s gets %q", name, l.text())
		}
		return
	}
	w.say("a message for nobody")
}

func (w *world) subscribeEvent(l *line) {
	s := &wireSub{name: l.word(1)}
	cfg := SubConfig{Destination: l.word(2), NoReceipt: l.has("no-receipt")}
	cfg.ID, _ = l.option("id")
	s.durable, _ = l.option("durable")
	if mode, ok := l.option("ack"); ok {
		cfg.Ack = map[string]frame.AckMode{"client": frame.AckClient, "client-individual": frame.AckClientIndividual}[mode]
	}
	call := w.call("subscribe " + s.name)
	sub, err := w.c.Subscribe(cfg, call, s, w.now)
	if err != nil {
		delete(w.open, call)
		w.say("subscribe %s: %s", s.name, orOK(err))
		return
	}
	s.sub = sub
	w.subs[s.name], w.calls["subscribe "+s.name] = s, call
}

func (w *world) sub(name string) *wireSub {
	if s := w.subs[name]; s != nil {
		return s
	}
	fail("there is no subscription %q", name)
	return nil
}

func (w *world) unsubscribeEvent(l *line) {
	s := w.sub(l.word(1))
	call := w.call("unsubscribe " + s.name)
	w.calls["unsubscribe "+s.name] = call
	w.c.Unsubscribe(s.sub, l.has("durable"), call, w.now)
}

func (w *world) withdrawEvent(l *line) {
	s := w.sub(l.word(1))
	call := w.calls["subscribe "+s.name]
	if !call.live {
		return
	}
	delete(w.open, call)
	w.c.Withdraw(s.sub, errors.New("canceled"), w.now)
}

func (w *world) ackEvent(l *line) {
	s := w.sub(l.word(1))
	conn := s.sub.Conn()
	if conn == nil {
		w.say("there is nothing to acknowledge")
		return
	}
	for _, id := range l.words[2:] {
		s.unacked = remove(s.unacked, id)
		w.write(w.end(conn), "ACK id:"+id)
	}
}
