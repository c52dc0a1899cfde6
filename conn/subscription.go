package conn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// MessageHandler handles one message, on the goroutine that reads the connection.
// m is borrowed: valid until the handler returns. ctx ends with the connection; pass
// it to calls on the connection, so that they never wait for what only this
// goroutine can read. One that panics is told to Config.OnPanic; see there for
// runtime.Goexit as well.
type MessageHandler func(ctx context.Context, m *Message)

// SubscribeOptions says how to subscribe. The zero value is fine.
type SubscribeOptions struct {
	// ID identifies the subscription among those of the connection. "" takes a
	// small number, which is also the fastest to look up.
	ID string
	// Ack is the acknowledgement mode; auto by default. client-individual needs
	// 1.1.
	Ack frame.AckMode
	// Headers are added to SUBSCRIBE, such as a broker's prefetch header. Those that are
	// set here are refused with ErrReservedHeader.
	Headers []frame.Field
	// StreamOver, if above 0, has h called when a body longer than this begins to
	// arrive: Message.Body is nil then, and Message.Reader has the body, so that it
	// takes no memory whatever its length. Until h returns the connection is read
	// only as fast as h reads. A body of unknown length is among them.
	StreamOver int
	// NoReceipt returns as soon as SUBSCRIBE is encoded. Messages sent to a
	// topic right after may then be missed.
	NoReceipt bool
}

// Subscription is one subscription of a connection. Safe for concurrent use.
type Subscription struct {
	c           *Conn
	id          string
	destination string
	mode        frame.AckMode
	handler     MessageHandler
	streamOver  int // 0 for never

	leaving atomic.Bool // Unsubscribe or Disconnect was called: nothing is gathered any more
	ended   atomic.Bool // UNSUBSCRIBE is in the outbox; set with that held

	mu     sync.Mutex // leaf
	ackers []*Acker   // that gather what is to be acknowledged
	ending *ending    // the latest attempt to unsubscribe; nil if there was none
}

// ID returns the id of the subscription on the wire.
func (s *Subscription) ID() string { return s.id }

// Destination returns what was subscribed to.
func (s *Subscription) Destination() string { return s.destination }

// Subscribe has h called for each message of destination. It returns when the
// broker has confirmed the subscription: what is sent from then on will arrive.
// h may be called before it returns.
func (c *Conn) Subscribe(ctx context.Context, destination string, h MessageHandler, opts SubscribeOptions) (*Subscription, error) {
	s, fields, err := c.enterSubscription(destination, h, opts)
	if err != nil {
		return nil, err
	}
	if err := c.command(ctx, frame.CmdSubscribe, fields, !opts.NoReceipt); err != nil {
		if errors.Is(err, ErrUnknownOutcome) {
			c.abandon(s)
		} else {
			c.subs.remove(s)
		}
		return nil, err
	}
	return s, nil
}

// enterSubscription prepares for the messages of a subscription and returns the
// headers that ask for them.
func (c *Conn) enterSubscription(destination string, h MessageHandler, opts SubscribeOptions) (*Subscription, []frame.Field, error) {
	if opts.Ack == frame.AckClientIndividual && c.version == frame.Version10 {
		return nil, nil, fmt.Errorf("%w: ack mode client-individual", ErrNotInVersion)
	}
	if opts.Ack > frame.AckClientIndividual {
		return nil, nil, fmt.Errorf("stomp: SubscribeOptions.Ack: there is no mode number %d", opts.Ack)
	}
	if err := checkNames(frame.CmdSubscribe, opts.Headers,
		frame.HeaderReceipt, frame.HeaderID, frame.HeaderDestination, frame.HeaderAck); err != nil {
		return nil, nil, err
	}
	if err := c.dialect.checkPrefetch(opts.Ack, opts.Headers); err != nil {
		return nil, nil, err
	}
	s := &Subscription{c: c, id: opts.ID, destination: destination, mode: opts.Ack, handler: h, streamOver: max(opts.StreamOver, 0)}
	if err := c.subs.add(s); err != nil {
		return nil, nil, err
	}
	if s.streamOver > 0 {
		c.streamBodies(s.streamOver)
	}
	return s, append([]frame.Field{
		{Name: frame.HeaderID, Value: s.id},
		{Name: frame.HeaderDestination, Value: destination},
		{Name: frame.HeaderAck, Value: opts.Ack.String()},
	}, opts.Headers...), nil
}

// command sends a frame without a body, waiting for its receipt if asked to.
func (c *Conn) command(ctx context.Context, cmd frame.Command, fields []frame.Field, receipt bool) error {
	size := fieldsSize(fields) + frameOverhead
	if receipt {
		return c.request(ctx, size, func(dst []byte, receipt frame.Field) ([]byte, error) {
			return writer.AppendFrame(dst, c.version, cmd, with(fields, receipt), nil)
		})
	}
	return c.post(ctx, size, func(dst []byte) ([]byte, error) {
		return writer.AppendFrame(dst, c.version, cmd, fields, nil)
	})
}

// post sends the frame that encode appends, and waits for nothing but room. encode may
// be called twice; the last time it holds the outbox.
func (c *Conn) post(ctx context.Context, size int, encode func(dst []byte) ([]byte, error)) error {
	if set := c.cfg.Listeners.sends(); set != nil {
		set.announce(c, func() ([]byte, error) { return encode(nil) })
	}
	buf, err := c.reserve(ctx, size)
	if err != nil {
		return err
	}
	out, err := encode(buf)
	return c.commit(buf, out, err)
}

// subscriptions finds the subscription of a message. Readers see an immutable
// snapshot, so delivery takes no lock.
type subscriptions struct {
	mu    sync.Mutex
	last  int
	table atomic.Pointer[subTable]
}

// maxBySeq is the largest id that indexes the table. Ids are never used twice, and
// the table must not grow with every subscription that there ever was.
const maxBySeq = 1024

// subTable: ids of ours are small integers and index bySeq; a user's go by name.
type subTable struct {
	bySeq  []*Subscription
	byName map[string]*Subscription
}

// add enters s, giving it an id if it has none.
func (t *subscriptions) add(s *Subscription) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.copy()
	if s.id == "" {
		for t.last++; next.find([]byte(strconv.Itoa(t.last))) != nil; t.last++ {
			// a user has taken that number for a subscription of its own
		}
		s.id = strconv.Itoa(t.last)
		next.enter(t.last, s)
	} else {
		if next.find([]byte(s.id)) != nil {
			return fmt.Errorf("stomp: subscription id %.64q %w", s.id, ErrIDInUse)
		}
		next.byName[s.id] = s
	}
	t.table.Store(next)
	return nil
}

// enter gives a subscription its place under an id of ours.
func (t *subTable) enter(id int, s *Subscription) {
	if id > maxBySeq {
		t.byName[s.id] = s
		return
	}
	for len(t.bySeq) <= id {
		t.bySeq = append(t.bySeq, nil)
	}
	t.bySeq[id] = s
}

func (t *subscriptions) remove(s *Subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.copy()
	if next.byName[s.id] == s {
		delete(next.byName, s.id)
	}
	if i, ok := smallInt([]byte(s.id)); ok && i < len(next.bySeq) && next.bySeq[i] == s {
		next.bySeq[i] = nil
	}
	t.table.Store(next)
}

// all yields those that there are.
func (t *subscriptions) all(yield func(*Subscription) bool) {
	table := t.table.Load()
	if table == nil {
		return
	}
	for _, s := range table.bySeq {
		if s != nil && !yield(s) {
			return
		}
	}
	for _, s := range table.byName {
		if !yield(s) {
			return
		}
	}
}

func (t *subscriptions) copy() *subTable {
	next := &subTable{byName: make(map[string]*Subscription)}
	if old := t.table.Load(); old != nil {
		next.bySeq = append(next.bySeq, old.bySeq...)
		for id, s := range old.byName {
			next.byName[id] = s
		}
	}
	return next
}

func (t *subscriptions) find(id []byte) *Subscription {
	table := t.table.Load()
	if table == nil {
		return nil
	}
	return table.find(id)
}

func (t *subTable) find(id []byte) *Subscription {
	if i, ok := smallInt(id); ok && i < len(t.bySeq) && t.bySeq[i] != nil {
		return t.bySeq[i]
	}
	return t.byName[string(id)]
}

// smallInt parses ids as we write them: decimal, no leading zero.
func smallInt(id []byte) (int, bool) {
	if len(id) == 0 || len(id) > 9 || id[0] == '0' {
		return 0, false
	}
	n := 0
	for _, d := range id {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int(d-'0')
	}
	return n, true
}
