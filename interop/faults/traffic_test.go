package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// way is a way to send.
type way int

const (
	plainSend    way = iota // without receipt
	receipts                // a producer whose sends without outcome are unknown when the connection is lost
	redelivering            // a producer that sends them again
	transactions            // of traffic.group messages
)

// traffic is one sender and one consumer of a queue of their own, each with a client of its own, and the books of it.
type traffic struct {
	name       string
	way        way
	group      int // messages in a transaction
	persistent bool
	ack        frame.AckMode
	prefetch   frame.Field // bounds what is not acknowledged, in the broker's words
	atTheEnd   bool        // consumes when all is sent, and else all the time

	t         *testing.T
	queue     string
	books     *books
	allowance atomic.Int64 // number of the last message that may be sent; 0 is no limit
	lives     lives
	sender    *conn.Client
	taker     *conn.Client
	headers   []frame.Field
	next      int // number of the next message
	wait      sync.WaitGroup
	ended     chan struct{} // closed when the last message has arrived
	once      sync.Once
}

// last is the body of the message behind all others.
const last = "the last one"

// start connects and begins to send, until stop ends.
func (tr *traffic) start(t *testing.T, stop context.Context, sending, taking place, queue string) {
	t.Helper()
	tr.t, tr.queue, tr.books, tr.ended, tr.next = t, queue, newBooks(), make(chan struct{}), 1
	if tr.persistent {
		tr.headers = []frame.Field{{Name: "persistent", Value: "true"}}
	}
	tr.sender = tr.client("sender", sending)
	tr.taker = tr.client("taker", taking)
	if !tr.atTheEnd {
		tr.consume()
	}
	produce := map[way]func(context.Context) error{
		plainSend: tr.sendPlainly, receipts: tr.sendConfirmed, redelivering: tr.sendConfirmed,
		transactions: tr.sendInTransactions,
	}[tr.way]
	tr.wait.Go(func() {
		if err := produce(stop); err != nil && stop.Err() == nil {
			t.Errorf("%s: %v", tr.name, err)
		}
	})
}

func (tr *traffic) client(name string, to place) *conn.Client {
	cfg := patient() // a broker that has just started, or stands still, may take its time
	cfg.OneConnection = true
	cfg.Backoff = conn.Backoff{Initial: 10 * time.Millisecond, Max: 200 * time.Millisecond}
	cfg.Trace = tr.lives.watch(name)
	cl := startClient(tr.t, to, cfg)
	tr.t.Cleanup(func() {
		_ = cl.Close()
		<-cl.Done()
	})
	return cl
}

// consume subscribes.
func (tr *traffic) consume() {
	opts := conn.SubscribeOptions{Ack: tr.ack}
	if tr.ack == frame.AckClient {
		opts.AckEvery = 25
	}
	if tr.ack != frame.AckAuto { // which Artemis would deliver so much in and no more
		opts.Headers = []frame.Field{tr.prefetch}
	}
	_, err := tr.taker.Subscribe(within(tr.t), tr.queue, func(_ context.Context, m *conn.Message) {
		if string(m.Body) == last {
			tr.once.Do(func() { close(tr.ended) })
		} else {
			_, again := m.Header.Lookup("x-possible-duplicate")
			tr.books.arrive(m.Body, again || m.Redelivered())
		}
		if tr.ack == frame.AckAuto {
			return
		}
		if err := m.Ack(); err != nil && !errors.Is(err, net.ErrClosed) {
			tr.t.Errorf("%s: acknowledging: %v", tr.name, err)
		}
	}, opts)
	if err != nil {
		tr.t.Fatalf("%s: Subscribe: %v", tr.name, err)
	}
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), longPatience)
	t.Cleanup(cancel)
	return ctx
}

// pace keeps a sender to some hundred messages a second, as a broker that has to sync each to disk takes no more of ten, and to
// its allowance. It says whether to go on.
func (tr *traffic) pace(stop context.Context, messages int) bool {
	for {
		select {
		case <-stop.Done():
			return false
		case <-time.After(time.Duration(messages) * time.Millisecond):
		}
		if allowed := tr.allowance.Load(); allowed == 0 || int64(tr.next) <= allowed {
			return true
		}
	}
}

// ration makes the sender wait after so many more messages; 0 lets it go on. Without that limit the
// fast senders would fill the broker's memory before the slow ones are done.
func (tr *traffic) ration(more int) {
	if more > 0 {
		more += tr.books.audit().sent
	}
	tr.allowance.Store(int64(more))
}

func (tr *traffic) sendPlainly(stop context.Context) error {
	for ; tr.pace(stop, 3); tr.next++ {
		if err := tr.sender.Send(stop, tr.queue, message(tr.next, 200), tr.headers...); err != nil {
			return err
		}
		tr.books.tell(tr.next, sent)
	}
	return nil
}

func (tr *traffic) sendConfirmed(stop context.Context) error {
	p, err := tr.sender.NewProducer(conn.ProducerConfig{
		Destination: tr.queue, Headers: tr.headers, Window: 200, Redeliver: tr.way == redelivering, Timeout: longPatience,
		OnOutcome: func(o conn.Outcome) { tr.books.tell(int(o.Seq), o.Status) },
	})
	if err != nil {
		return err
	}
	for tr.pace(stop, 3) {
		if _, err := p.Send(stop, message(tr.next, 200)); err != nil {
			if stop.Err() == nil {
				return err
			}
			break
		}
		tr.next++
	}
	err = p.Close(within(tr.t))
	if short := new(conn.OutcomeError); errors.As(err, &short) { // the books know
		return nil
	}
	return err
}

func (tr *traffic) sendInTransactions(stop context.Context) error {
	for tr.pace(stop, tr.group) {
		status := tr.commitGroup()
		if status == 0 { // nothing was committed, and so the numbers can be used again
			continue
		}
		for range tr.group {
			tr.books.tell(tr.next, status)
			tr.next++
		}
	}
	return nil
}

// commitGroup sends the next messages in a transaction, and says what became of it; 0 if COMMIT was not sent.
func (tr *traffic) commitGroup() conn.OutcomeStatus {
	ctx, cancel := context.WithTimeout(context.Background(), longPatience)
	defer cancel()
	tx, err := tr.sender.Begin(ctx, "")
	for i := 0; i < tr.group && err == nil; i++ {
		err = tx.Send(ctx, tr.queue, message(tr.next+i, 200), tr.headers...)
	}
	if err == nil {
		err = tx.Commit(ctx)
	}
	var refusal *conn.ServerError
	switch {
	case err == nil:
		return conn.Confirmed
	case errors.Is(err, conn.ErrNotSent):
	case errors.Is(err, conn.ErrUnknownOutcome):
		return conn.Unknown
	case errors.As(err, &refusal):
		return conn.Rejected
	case !errors.Is(err, net.ErrClosed):
		tr.t.Errorf("%s: %v", tr.name, err)
	}
	return 0
}

// finish waits for the sender, consumes to the last message, and ends the clients.
func (tr *traffic) finish() audit {
	tr.wait.Wait()
	if err := tr.sender.SendReceipt(within(tr.t), tr.queue, []byte(last), tr.headers...); err != nil {
		tr.t.Errorf("%s: %v", tr.name, err)
	}
	if tr.atTheEnd {
		tr.consume()
	}
	select {
	case <-tr.ended:
	case <-time.After(longPatience):
		tr.t.Errorf("%s: the last message has not arrived", tr.name)
	}
	for _, cl := range []*conn.Client{tr.taker, tr.sender} {
		if err := cl.Disconnect(within(tr.t)); err != nil {
			tr.t.Errorf("%s: Disconnect: %v", tr.name, err)
		}
		<-cl.Done()
	}
	tr.lives.check(tr.t)
	a := tr.books.audit()
	if a.twice != 0 || a.unasked != 0 || a.notSentReceived != 0 {
		tr.t.Errorf("%s: %d outcomes were told twice, %d came that nobody sent, %d came that were not sent", tr.name, a.twice,
			a.unasked, a.notSentReceived)
	}
	return a
}

// line is what a run prints of one traffic.
func (tr *traffic) line(a audit) string {
	line := fmt.Sprintf("%-34s %v", tr.name, a)
	if tr.way == transactions {
		confirmed, unknown := tr.books.partial(tr.group)
		line += fmt.Sprintf(", transactions in part %d confirmed, %d unknown", confirmed, unknown)
	}
	return line
}
