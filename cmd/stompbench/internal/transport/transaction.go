package transport

import (
	"context"
	"errors"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// transactions sends messages in transactions, one after the other. BEGIN and
// COMMIT allocate, messages do not.
type transactions struct {
	c      *conn.Client
	o      SenderOptions
	tx     *conn.Tx      // nil between transactions
	fields []frame.Field // of the next message; the first ones never change
	first  uint64        // first message of the transaction
	seq    uint64        // last message
}

func (s *transactions) Send(ctx context.Context, body []byte, h ...frame.Field) (seq uint64, err error) {
	if s.tx == nil {
		if s.tx, err = s.c.Begin(ctx, ""); err != nil {
			s.tx = nil
			return 0, err
		}
		s.first = s.seq + 1
		s.fields = append(append(s.fields[:0], s.o.Headers...), frame.Field{Name: frame.HeaderTransaction, Value: s.tx.ID()})
	}
	s.fields = append(s.fields[:len(s.o.Headers)+1], h...)
	// Not with Tx.Send, which asks for a receipt each time: the receipt of COMMIT covers all
	// messages.
	if err := s.c.Send(ctx, s.o.Destination, body, s.fields...); err != nil {
		return 0, err
	}
	s.seq++
	if s.seq-s.first+1 >= uint64(s.o.Transaction) {
		return s.seq, s.commit(ctx)
	}
	return s.seq, nil
}

// Flush commits the open transaction.
func (s *transactions) Flush(ctx context.Context) error {
	if s.tx == nil {
		return nil
	}
	return s.commit(ctx)
}

// commit commits the transaction and reports its outcome for each of its messages. Messages that
// were never committed have no outcome, because they do not exist.
func (s *transactions) commit(ctx context.Context) error {
	err := s.tx.Commit(ctx)
	s.tx = nil
	o := conn.Outcome{Status: conn.Confirmed, Err: err}
	var server *conn.ServerError
	switch {
	case err == nil:
	case errors.Is(err, conn.ErrUnknownOutcome):
		o.Status = conn.Unknown
	case errors.As(err, &server):
		o.Status = conn.Rejected
	default: // it was not sent
		return err
	}
	for o.Seq = s.first; o.Seq <= s.seq; o.Seq++ {
		s.o.Outcome(o)
	}
	if o.Status == conn.Rejected {
		return nil // not a failure of the run: the next transaction may succeed
	}
	return err
}
