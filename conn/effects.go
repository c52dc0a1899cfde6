package conn

import (
	"context"

	"github.com/stompwire/stompwire/conn/internal/session"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// One goroutine at a time carries out the effects of the core, in their order, with no lock held.
// It lives only while there are effects. No effect waits: what has to wait, such as dialling and
// redelivery, gets a goroutine of its own.

// run carries out effects until there are none.
func (c *Client) run() {
	for {
		c.mu.Lock()
		c.effects = c.core.Take(c.effects[:0])
		if len(c.effects) == 0 {
			c.running = false
			c.mu.Unlock()
			return
		}
		effects := c.effects // no other goroutine touches them while running is set
		c.mu.Unlock()
		for i := range effects {
			c.carryOut(&effects[i])
		}
		clear(effects)
	}
}

func (c *Client) carryOut(e *session.Effect) {
	switch e.Kind {
	case session.EffectComplete:
		e.Call.User.(*waiter).wake()
	case session.EffectDial:
		c.dial(e)
	case session.EffectClose:
		if w := wireOf(e.Conn); w != nil {
			w.stop(e.Err)
		}
	case session.EffectOpen:
		c.open(e)
	case session.EffectShut:
		c.shut(e)
	case session.EffectRefuse:
		c.refuse(e.Err)
	case session.EffectSubscribe:
		c.sendSubscribe(e)
	case session.EffectUnsubscribe:
		c.sendUnsubscribe(e)
	case session.EffectTakeOver:
		c.takeOver(e)
	case session.EffectResend:
		go e.Producer.User.(*Producer).resend(wireOf(e.Conn), e.Serial)
	case session.EffectMove:
		c.slotOf(e.Slot)
		e.Producer.User.(*Producer).moved()
	case session.EffectReport:
		e.Producer.User.(*Producer).report()
	case session.EffectQuiesce:
		go c.quiesce()
	case session.EffectDisconnect:
		c.sendDisconnect(e)
	case session.EffectGoodbye:
		if w := wireOf(e.Conn); w != nil {
			w.l.Shutdown(nil)
		}
	case session.EffectSubscription:
		e.Sub.User.(*Subscription).changed(e.Err)
	case session.EffectSubscriptionEnded:
		e.Sub.User.(*Subscription).ended(e.Err)
	case session.EffectState:
		c.stateChanged(e)
	case session.EffectEnded:
		c.ended(e.Err)
	}
}

func wireOf(conn *session.Conn) *wire {
	w, _ := conn.User.(*wire)
	return w
}

// slotOf returns the driver's slot for core, and makes it if the core has just made its own.
func (c *Client) slotOf(core *session.Slot) *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := core.User.(*slot); ok {
		return s
	}
	return c.newSlot(core)
}

// dial starts an attempt.
func (c *Client) dial(e *session.Effect) {
	w := &wire{c: c, slot: c.slotOf(e.Slot), conn: e.Conn, traced: c.cfg.Trace != nil, addr: c.targets[e.Conn.Address].Name}
	w.ctx, w.cancel = context.WithCancelCause(context.WithValue(context.Background(), handlerKey{}, w))
	var ctx context.Context
	ctx, w.stopDial = context.WithCancelCause(context.Background())
	c.mu.Lock()
	e.Conn.User = w
	c.wires[e.Conn] = w
	c.mu.Unlock()
	go w.dial(ctx)
}

// open lets calls use a connection. While the client disconnects, only calls that are in progress
// may use it.
func (c *Client) open(e *session.Effect) {
	s, w := c.slotOf(e.Slot), wireOf(e.Conn)
	c.mu.Lock()
	defer c.unlock()
	s.opened++
	if e.Conn.Alive() && s.refused == nil {
		s.cur.Store(w)
	}
	s.changed()
}

// shut takes a connection out of use.
func (c *Client) shut(e *session.Effect) {
	s := c.slotOf(e.Slot)
	c.mu.Lock()
	defer c.unlock()
	if s.cur.Load() == wireOf(e.Conn) {
		s.cur.Store(nil)
		s.changed()
	}
}

// refuse makes new calls fail with err.
func (c *Client) refuse(err error) {
	c.mu.Lock()
	defer c.unlock()
	for _, s := range c.core.Slots() {
		if ours, ok := s.User.(*slot); ok {
			ours.refused = err
			ours.cur.Store(nil)
			ours.changed()
		}
	}
	for p := range c.producers {
		p.room.close()
	}
}

func (c *Client) stateChanged(e *session.Effect) {
	s := c.slotOf(e.Slot)
	c.mu.Lock()
	s.changed()
	c.unlock()
	switch e.To {
	case session.StateConnected:
		if w := wireOf(e.Conn); c.cfg.Trace != nil && w != nil {
			w.trace(&Event{Kind: EventConnected})
		}
	case session.StateBackingOff:
		c.trace(&Event{Kind: EventRetry, Connection: e.Slot.Name, Err: e.Err, Pause: e.Pause})
	}
}

// ended is the end of the client.
func (c *Client) ended(cause error) {
	c.mu.Lock()
	c.clock.stop()
	producers := make([]*Producer, 0, len(c.producers))
	for p := range c.producers {
		producers = append(producers, p)
	}
	c.unlock()
	for _, p := range producers {
		p.room.close()
	}
	if c.cfg.Logger != nil && cause != nil {
		c.cfg.Logger.Error("stomp: client has ended", "cause", cause)
	}
	close(c.done)
}

// sendFrame sends a frame of the core's own. It waits for nothing.
func (w *wire) sendFrame(cmd frame.Command, fields []frame.Field) error {
	w.announce(cmd, fields)
	buf, err := w.reserveNow(fieldsSize(fields) + frameOverhead)
	if err != nil {
		return err
	}
	out, err := writer.AppendFrame(buf, w.version, cmd, fields, nil)
	return w.commitTold(buf, out, err)
}

func (c *Client) sendDisconnect(e *session.Effect) {
	w := wireOf(e.Conn)
	if c.cfg.Trace != nil {
		w.trace(&Event{Kind: EventDisconnecting})
	}
	fields := []frame.Field{receiptField(e.Receipt)}
	w.announce(frame.CmdDisconnect, fields)
	buf, err := w.reserveNow(frameOverhead)
	if err != nil {
		w.l.Close(nil)
		return
	}
	w.goodbye.Store(true) // the outbox is held: nothing follows this frame
	out, err := writer.AppendFrame(buf, w.version, frame.CmdDisconnect, fields, nil)
	c.mu.Lock()
	w.last = len(out) - len(buf)
	c.mu.Unlock()
	_ = w.commitTold(buf, out, err)
	w.l.SetHeartBeat(0, 0)
	w.endFlow() // the receipt has to be read, however slow a consumer is
}
