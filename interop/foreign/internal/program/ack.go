package program

import (
	"errors"
	"fmt"
)

// tryAck sends three messages, receives them and acknowledges the second.
func (p *program) tryAck(mode string, again ...string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	defer s.Cut()
	queue := "/queue/ack-" + mode
	for _, body := range []string{"1", "2", "3"} {
		if err := s.Send(queue, []byte(body)); err != nil {
			return err
		}
	}
	if err := s.Subscribe(queue, "1", mode); err != nil {
		return err
	}
	for _, body := range []string{"1", "2", "3"} {
		m, err := s.Receive()
		if err == nil && string(m.Body) != body {
			err = fmt.Errorf("received %q, want %q", m.Body, body)
		}
		if err == nil && body == "2" && mode != "auto" {
			err = s.Ack(m, "")
		}
		if err != nil {
			return fmt.Errorf("message %s: %w", body, err)
		}
	}
	if err := s.Disconnect(); err != nil {
		return err
	}
	return p.bodies(queue, again...)
}

func (p *program) tryNack() error {
	for mode, again := range map[string][]string{"client": {"1", "2"}, "client-individual": {"2"}} {
		queue := "/queue/nack-" + mode
		err := with(func(_ *program, s Session) error { return nack(s, queue, mode, again) })(p)
		if err != nil {
			return fmt.Errorf("mode %s: %w", mode, err)
		}
		if err := p.bodies(queue); err != nil {
			return fmt.Errorf("mode %s: %w", mode, err)
		}
	}
	return nil
}

// nack refuses the second of two messages, and acknowledges what comes again.
func nack(s Session, queue, mode string, again []string) error {
	if err := errors.Join(
		s.Send(queue, []byte("1")), s.Send(queue, []byte("2")), s.Subscribe(queue, "1", mode),
	); err != nil {
		return err
	}
	first, err := s.Receive()
	if err != nil {
		return err
	}
	second, err := s.Receive()
	if err != nil {
		return err
	}
	if err := s.Nack(second); err != nil {
		return err
	}
	for _, body := range again {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		if string(m.Body) != body || m.Header("redelivered") != "true" {
			return fmt.Errorf("%q with the mark %q came again, want %q", m.Body, m.Header("redelivered"), body)
		}
		if err := s.Ack(m, ""); err != nil {
			return err
		}
	}
	if mode == "client-individual" {
		if err := s.Ack(first, ""); err != nil {
			return err
		}
	}
	return s.Disconnect()
}

func (p *program) tryRedelivery() error {
	const queue = "/queue/redelivery"
	for i, mark := range []string{"", "true"} {
		err := with(func(_ *program, s Session) error {
			if i == 0 {
				if err := s.Send(queue, []byte("x")); err != nil {
					return err
				}
			}
			if err := s.Subscribe(queue, "1", "client"); err != nil {
				return err
			}
			m, err := s.Receive()
			if err == nil && m.Header("redelivered") != mark {
				err = fmt.Errorf("delivery %d has the mark %q", i+1, m.Header("redelivered"))
			}
			return err
		})(p)
		if err != nil {
			return err
		}
	}
	return nil
}
