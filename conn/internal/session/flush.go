package session

// progressed completes the flushes that wait for nothing more.
func (c *Core) progressed(p *Producer) {
	if len(p.flushes) == 0 && c.closing == nil {
		return
	}
	left := p.flushes[:0]
	var bad error
	for _, call := range p.flushes {
		if call.upTo > p.low {
			left = append(left, call)
			continue
		}
		if call.quiet {
			c.complete(call, nil)
			continue
		}
		if bad == nil {
			bad = p.takeBad()
		}
		c.complete(call, bad) // that of all flushes that have waited for the same
	}
	clear(p.flushes[len(left):])
	p.flushes = left
	c.advanceClosing()
}

// takeBad returns the *OutcomeError of the sends since the last flush, nil if all of them
// were confirmed.
func (p *Producer) takeBad() error {
	if !p.bad.any() {
		return nil
	}
	bad := p.bad
	p.bad = OutcomeError{}
	return &bad
}

// TakeReports moves up to len(buf) outcomes that are to be reported into buf and returns
// how many. After reporting them the caller calls Told. With ProducerConfig.InOrder no
// other call gets outcomes meanwhile.
func (c *Core) TakeReports(p *Producer, buf []Outcome) (n int) {
	if p.cfg.InOrder {
		if p.reporting {
			return 0
		}
		for n < len(buf) {
			seq := p.low + 1 + uint64(n)
			r := p.window.slot(seq)
			if seq > p.last || r.seq != seq || r.state != recordSettled {
				break
			}
			p.ready.pop() // which one does not matter: the ring only counts here
			buf[n] = p.take(r)
			n++
		}
		p.reporting = n > 0
		return n
	}
	for n < len(buf) && p.ready.count > 0 {
		buf[n] = p.take(p.window.slot(p.ready.pop()))
		n++
	}
	return n
}

// Told notes that these outcomes have been reported.
func (c *Core) Told(p *Producer, outcomes []Outcome) {
	for i := range outcomes {
		p.window.slot(outcomes[i].Seq).state = recordFree
	}
	p.reporting = false
	p.advance()
	c.progressed(p)
	if p.ended != nil && p.low == p.last {
		c.leaving = remove(c.leaving, p)
		c.advanceClosing()
		c.endIfReported()
	}
}

// Flush completes call once every send so far has its outcome and has been reported.
func (c *Core) Flush(p *Producer, call *Call) { c.flushTo(p, p.last, call, false) }

// FlushTo completes call once every send up to seq has its outcome and has been reported, whatever
// the outcomes were: that they were not confirmed is for Flush to tell.
func (c *Core) FlushTo(p *Producer, seq uint64, call *Call) {
	c.flushTo(p, min(seq, p.last), call, true)
}

func (c *Core) flushTo(p *Producer, seq uint64, call *Call, quiet bool) {
	c.register(call)
	call.Kind, call.upTo, call.quiet = CallFlush, seq, quiet
	switch {
	case seq > p.low:
		p.flushes = append(p.flushes, call)
	case quiet:
		c.complete(call, nil)
	default:
		c.complete(call, p.takeBad())
	}
}

// StopProducer refuses new sends of p, which is to end after a flush.
func (c *Core) StopProducer(p *Producer) { p.closing = true }

// EndProducer gives up what has no outcome and forgets p.
func (c *Core) EndProducer(p *Producer, err error) {
	if c.byID[p.ID] == nil {
		return
	}
	if p.ended == nil {
		p.ended = err
	}
	c.giveUp(p, err, func(*record) bool { return true })
	c.producers = remove(c.producers, p)
	delete(c.byID, p.ID)
	if p.low < p.last {
		c.leaving = append(c.leaving, p)
	}
	p.conn, p.resending = nil, nil
	c.retire(p.slot)
	if p.slot.conn != nil {
		c.advance(p.slot.conn)
	}
	c.advanceClosing()
	c.endIfReported()
}
