package program

import "errors"

func (p *program) tryCommit(s Session) error {
	const queue = "/queue/commit"
	tx, err := s.Begin()
	if err != nil {
		return err
	}
	if err := errors.Join(
		s.SendTx(tx, queue, []byte("inside")),
		s.Send(queue, []byte("outside")),
		s.Subscribe(queue, "1", "auto"),
	); err != nil {
		return err
	}
	if err := expect(s, "outside"); err != nil {
		return err
	}
	if err := s.Commit(tx); err != nil {
		return err
	}
	return expect(s, "inside")
}

func (p *program) tryAbort(s Session) error {
	tx, err := s.Begin()
	if err != nil {
		return err
	}
	if err := errors.Join(
		s.SendTx(tx, "/queue/abort", []byte("inside")),
		s.Abort(tx),
		s.Disconnect(),
	); err != nil {
		return err
	}
	return p.bodies("/queue/abort")
}

func (p *program) tryAckTransaction() error {
	const queue = "/queue/ack-transaction"
	if err := with(func(_ *program, s Session) error {
		return errors.Join(s.Send(queue, []byte("x")), s.Disconnect())
	})(p); err != nil {
		return err
	}
	for _, end := range []func(Session, string) error{Session.Abort, Session.Commit} {
		if err := with(func(_ *program, s Session) error { return ackInTransaction(s, queue, end) })(p); err != nil {
			return err
		}
	}
	return p.bodies(queue)
}

func ackInTransaction(s Session, queue string, end func(Session, string) error) error {
	if err := s.Subscribe(queue, "1", "client"); err != nil {
		return err
	}
	m, err := s.Receive()
	if err != nil {
		return err
	}
	tx, err := s.Begin()
	if err != nil {
		return err
	}
	return errors.Join(s.Ack(m, tx), end(s, tx), s.Disconnect())
}
