package transport

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// transactions sends messages in transactions, one after the other. BEGIN and COMMIT allocate,
// messages do not.
type transactions struct {
	client *conn.Client
	cfg    conn.ProducerConfig
	size   uint64
	tx     *conn.Tx      // nil between transactions
	fields []frame.Field // of the next message; the first ones never change
	first  uint64        // first message of the transaction
	seq    uint64        // last message
}

func (s *transactions) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	if s.tx == nil {
		if s.tx, err = s.client.Begin(ctx, ""); err != nil {
			s.tx = nil
			return 0, err
		}
		s.first = s.seq + 1
		s.fields = append(append(s.fields[:0], s.cfg.Headers...), frame.Field{Name: frame.HeaderTransaction, Value: s.tx.ID()})
	}
	s.fields = append(s.fields[:len(s.cfg.Headers)+1], h...)
	// Not with Tx.Send, which asks for a receipt each time: that of COMMIT covers all messages.
	if err := s.client.Send(ctx, s.cfg.Destination, body, s.fields...); err != nil {
		return 0, err
	}
	s.seq++
	if s.seq-s.first+1 >= s.size {
		err = s.Flush(ctx)
	}
	return s.seq, err
}

// Flush commits the open transaction and reports its outcome for each of its messages. Messages that
// were never committed have no outcome, because they do not exist.
func (s *transactions) Flush(ctx context.Context) error {
	if s.tx == nil {
		return nil
	}
	err := s.tx.Commit(ctx)
	s.tx = nil
	o := conn.Outcome{Status: conn.Confirmed, Err: err}
	_, refused := errors.AsType[*conn.ServerError](err)
	switch {
	case err == nil:
	case errors.Is(err, conn.ErrUnknownOutcome):
		o.Status = conn.Unknown
	case refused:
		o.Status = conn.Rejected
	default: // it was not sent
		return err
	}
	for o.Seq = s.first; o.Seq <= s.seq; o.Seq++ {
		s.cfg.OnOutcome(o)
	}
	if o.Status == conn.Rejected {
		return nil // not a failure of the run: the next transaction may succeed
	}
	return err
}
