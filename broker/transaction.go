package broker

import (
	"fmt"
	"strconv"

	"github.com/stompwire/stompwire/frame"
)

// transaction holds the frames of an open transaction, in order, until it commits.
type transaction struct {
	steps []step
	bytes int
}

// step is a SEND, if m is not nil, or else an ACK or NACK.
type step struct {
	m    *message
	name string // of the destination, as the sender wrote it
	settlement
}

// stepBytes is how many bytes a step counts for besides its message.
const stepBytes = 96

func (s *session) onBegin(f *frame.Frame) {
	id := f.Header.Get(frame.HeaderTransaction)
	switch {
	case len(id) == 0:
		s.refuse(f, "missing transaction", "A BEGIN frame must have a transaction header.")
		return
	case len(id) > maxName:
		s.refuse(f, "name is too long", "Names may have at most "+strconv.Itoa(maxName)+" bytes.")
		return
	case s.txs[string(id)] != nil:
		// "different transactions MUST use different transaction identifiers"
		s.refuse(f, "duplicate transaction", "The connection has an open transaction with this id.")
		return
	case len(s.txs) >= s.b.cfg.MaxTransactions:
		s.refuse(f, "too many transactions", "A connection may have at most "+strconv.Itoa(s.b.cfg.MaxTransactions)+" open.")
		return
	}
	if s.txs == nil {
		s.txs = make(map[string]*transaction)
	}
	s.txs[string(id)] = new(transaction)
	s.receiptOf(f)
}

func (s *session) onCommit(f *frame.Frame) {
	id := f.Header.Get(frame.HeaderTransaction)
	tx := s.open(f, id)
	if tx == nil {
		return
	}
	if err := s.reach(tx); err != nil {
		s.refuse(f, err.Error(), nothingDone)
		return
	}
	delete(s.txs, string(id))
	s.release(tx)
	if failed, err := s.carryOut(tx); err != nil {
		s.refuse(f, err.Error(), commitFailure(failed, len(tx.steps)))
		return
	}
	s.receiptOf(f)
}

// carryOut carries out the steps of a transaction. It returns how many of them failed, and why the
// first did.
func (s *session) carryOut(tx *transaction) (failed int, first error) {
	for i := range tx.steps {
		st := &tx.steps[i]
		if st.m == nil {
			if st.sub != nil {
				s.settle(st.settlement)
			}
			continue
		}
		if err := s.post(st.name, st.m); err != nil {
			failed++
			if first == nil {
				first = err
			}
		}
	}
	return failed, first
}

const nothingDone = "The transaction was not carried out."

// commitFailure says which part of a transaction was carried out when steps have failed.
func commitFailure(failed, steps int) string {
	if failed == steps {
		return nothingDone
	}
	return fmt.Sprintf("The transaction was carried out in part: %d of its %d steps failed, the others took effect.", failed, steps)
}

// reach makes the destinations that the messages of a transaction go to. If it cannot make all of
// them, it removes those it made, so that nothing of the transaction takes effect.
func (s *session) reach(tx *transaction) error {
	for i := range tx.steps {
		if _, err := s.destinationOf(&tx.steps[i]); err != nil {
			for j := range tx.steps[:i] {
				if d, _ := s.destinationOf(&tx.steps[j]); d != nil {
					s.b.registry.tidy(d)
				}
			}
			return err
		}
	}
	return nil
}

// destinationOf returns where the message of a step goes, nil if there is no message or no session
// could ever receive it.
func (s *session) destinationOf(st *step) (*destination, error) {
	if st.m == nil {
		return nil, nil
	}
	return s.sendTo([]byte(st.name))
}

// post hands a message that a transaction held to its destination. It fails only if the destination
// was idle and was removed since reach, and others have taken its place.
func (s *session) post(name string, m *message) error {
	for {
		d, err := s.sendTo([]byte(name))
		if err != nil || d == nil {
			s.b.unrouted.Add(1)
			m.free()
			return err
		}
		if d.post(s, m) {
			return nil
		}
		s.last = nil
	}
}

func (s *session) onAbort(f *frame.Frame) {
	id := f.Header.Get(frame.HeaderTransaction)
	if s.open(f, id) == nil {
		return
	}
	s.abort(string(id))
	s.receiptOf(f)
}

// abort discards what a transaction holds. Messages that it would have acknowledged are still
// unacknowledged.
func (s *session) abort(id string) {
	tx := s.txs[id]
	for i := range tx.steps {
		if m := tx.steps[i].m; m != nil {
			m.free()
		}
	}
	s.release(tx)
	delete(s.txs, id)
}

// release subtracts the bytes that a transaction counted for.
func (s *session) release(tx *transaction) {
	s.txBytes -= tx.bytes
	s.b.stored.Add(-int64(tx.bytes))
}

// open returns the open transaction with this id. If there is none it refuses f and
// returns nil.
func (s *session) open(f *frame.Frame, id []byte) *transaction {
	tx := s.txs[string(id)]
	if tx == nil {
		s.refuse(f, "unknown transaction", "The connection has no open transaction with this id.")
	}
	return tx
}

// holdSend keeps a SEND until its transaction commits. It returns false if it has
// refused it.
func (s *session) holdSend(v *view) bool {
	tx := s.open(v.frame, v.transaction)
	if tx == nil {
		return false
	}
	m := v.message()
	name := string(v.destination)
	if name == s.lastName {
		name = s.lastName // share the string
	}
	if !s.hold(v.frame, tx, step{m: m, name: name}, int(m.size)+len(name)) {
		m.free()
		return false
	}
	return true
}

// holdAck keeps an ACK or NACK until its transaction commits.
func (s *session) holdAck(f *frame.Frame, id []byte, st settlement) bool {
	tx := s.open(f, id)
	return tx != nil && s.hold(f, tx, step{settlement: st}, 0)
}

func (s *session) hold(f *frame.Frame, tx *transaction, st step, bytes int) bool {
	bytes += stepBytes
	if s.txBytes+bytes > s.b.cfg.TransactionBytes {
		s.refuse(f, "transaction is too large", "Open transactions of a connection may hold at most "+strconv.Itoa(s.b.cfg.TransactionBytes)+" bytes.")
		return false
	}
	if s.b.isFull() {
		s.refuse(f, errBrokerFull.Error(), "Messages and open transactions hold "+strconv.Itoa(s.b.cfg.StoredBytes)+" bytes together.")
		return false
	}
	tx.steps = append(tx.steps, st)
	tx.bytes += bytes
	s.txBytes += bytes
	s.b.stored.Add(int64(bytes))
	return true
}
