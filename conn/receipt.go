package conn

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/awake"
	"github.com/stompwire/stompwire/writer"
)

// receiptMark begins the receipt ids of the connection, which no user's may begin
// with: ~<number> of a frame that somebody waits for, ~<producer>-<sequence> of a
// producer's.
const receiptMark = '~'

// receipts are the frames, other than a producer's, whose RECEIPT somebody waits
// for. There are few, so a map is fine.
type receipts struct {
	mu   sync.Mutex
	last uint64
	open map[string]chan error
	err  error // set when the connection has ended
}

// add returns a new receipt id and where its outcome will arrive.
func (r *receipts) add() (id string, outcome chan error, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return "", nil, r.err
	}
	if r.open == nil {
		r.open = make(map[string]chan error)
	}
	r.last++
	id = string(receiptMark) + strconv.FormatUint(r.last, 10)
	outcome = make(chan error, 1)
	r.open[id] = outcome
	return id, outcome, nil
}

func (r *receipts) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, id)
}

// settle reports whether somebody waited for id. Brokers send receipts in any
// order, sometimes twice.
func (r *receipts) settle(id []byte, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	outcome, ok := r.open[string(id)]
	if ok {
		delete(r.open, string(id))
		outcome <- err
	}
	return ok
}

// fail tells everybody that the connection has ended.
func (r *receipts) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
	for id, outcome := range r.open {
		outcome <- unknown(err)
		delete(r.open, id)
	}
}

// request sends a frame with a receipt header and waits for its outcome. encode
// appends the frame; the receipt is among the headers that it is given. It returns
// ErrWouldBlock, and sends nothing, in a handler.
func (c *Conn) request(ctx context.Context, size int, encode func(dst []byte, receipt frame.Field) ([]byte, error)) error {
	if c.inHandler(ctx) {
		return ErrWouldBlock
	}
	id, outcome, err := c.order(ctx, size, encode)
	if err != nil {
		return err
	}
	defer c.receipts.drop(id)
	return c.await(ctx, outcome)
}

// order is request without the wait: the outcome arrives in the channel, unless
// id is dropped before.
func (c *Conn) order(ctx context.Context, size int, encode func(dst []byte, receipt frame.Field) ([]byte, error)) (id string, outcome <-chan error, err error) {
	id, outcome, err = c.receipts.add()
	if err != nil {
		return "", nil, err
	}
	receipt := frame.Field{Name: frame.HeaderReceipt, Value: id}
	if set := c.cfg.Listeners.sends(); set != nil {
		set.announce(c, func() ([]byte, error) { return encode(nil, receipt) })
	}
	buf, err := c.reserve(ctx, size)
	if err != nil {
		c.receipts.drop(id)
		return "", nil, err
	}
	out, err := encode(buf, receipt)
	if err := c.commit(buf, out, err); err != nil {
		c.receipts.drop(id)
		return "", nil, err
	}
	return id, outcome, nil
}

// checkReceipt refuses a receipt header of the user's where we send our own: the
// first would count, and answer to nobody.
func checkReceipt(cmd frame.Command, h []frame.Field) error {
	return checkNames(cmd, h, frame.HeaderReceipt)
}

// checkNames refuses headers of the user's with names that we set.
func checkNames(cmd frame.Command, h []frame.Field, names ...string) error {
	for i := range h {
		if slices.Contains(names, h[i].Name) {
			return reservedError(cmd, h, i)
		}
	}
	return nil
}

func reservedError(cmd frame.Command, h []frame.Field, i int) error {
	return &writer.HeaderError{Command: cmd, Name: h[i].Name, Index: i, Reason: ErrReservedHeader}
}

// checkOwnReceipt refuses a receipt header of the user's whose RECEIPT could be taken
// for that of another frame.
func checkOwnReceipt(cmd frame.Command, h []frame.Field) error {
	for i := range h {
		if h[i].Name == frame.HeaderReceipt && len(h[i].Value) > 0 && h[i].Value[0] == receiptMark {
			return &writer.HeaderError{Command: cmd, Name: frame.HeaderReceipt, Index: i, Reason: ErrReceiptID}
		}
	}
	return nil
}

func (c *Conn) await(ctx context.Context, outcome <-chan error) error {
	due := time.Now().Add(c.cfg.ReceiptTimeout)
	timer := time.NewTimer(c.cfg.ReceiptTimeout)
	defer timer.Stop()
	var doubt awake.Doubt
	for {
		select {
		case err := <-outcome:
			return err
		case <-ctx.Done():
			return unknown(ctx.Err())
		case <-timer.C:
			more := doubt.More(time.Since(due))
			if more == 0 {
				return unknown(errReceiptTimeout)
			}
			due = time.Now().Add(more)
			timer.Reset(more)
		}
	}
}
