package faults_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

const destination = "/queue/faults"

// run is a client with a producer that redelivers, and the books of what it sends.
type run struct {
	t     *testing.T
	books *books
	lives lives
	cl    *conn.Client
	p     *conn.Producer
	sent  int
	queue string

	aside *place       // where what consumes connects to, if that is to be left in peace
	taker *conn.Client // consumes: cl, or a client of its own for aside

	losses chan error             // why connections were lost, in order
	errors chan *conn.ServerError // those that name no frame
}

// limits of the calls of a run. What the client promises is held against them.
const (
	callLimit    = patience    // of a call on the client
	connectLimit = time.Second // for CONNECTED, where a fault keeps it back
	outcomeLimit = patience
)

type settings struct {
	conn.Config
	producer conn.ProducerConfig
}

// startRun starts a client. change, which may be nil, adapts it to the fault. Messages are entered into b.
func startRun(t *testing.T, to place, b *books, change func(*settings)) *run {
	t.Helper()
	r := &run{t: t, books: b, losses: make(chan error, 1000), errors: make(chan *conn.ServerError, 100)}
	r.lives.lost = func(err error) { r.losses <- err }
	cfg := settings{
		Config: patient(),
		producer: conn.ProducerConfig{Destination: destination, Window: 64, Redeliver: true, Timeout: outcomeLimit,
			IDHeader: "x-id",
			OnOutcome: func(o conn.Outcome) {
				if (o.Status == conn.Confirmed) != (o.Err == nil) {
					t.Errorf("message %d is %v with error %v", o.Seq, o.Status, o.Err)
				}
				b.tell(int(o.Seq), o.Status)
			}},
	}
	cfg.Backoff = conn.Backoff{Initial: 2 * time.Millisecond, Max: 20 * time.Millisecond}
	watch := r.lives.watch("client")
	cfg.Trace = func(ctx context.Context, e *conn.Event) {
		watch(ctx, e)
		var said *conn.ServerError
		if e.Kind == conn.EventReceived && errors.As(e.Err, &said) && e.Frame.Header.Get(frame.HeaderReceiptID) == nil {
			r.errors <- said
		}
	}
	if change != nil {
		change(&cfg)
	}
	r.cl = startClient(t, to, cfg.Config)
	r.taker, r.queue = r.cl, cfg.producer.Destination
	t.Cleanup(func() {
		for _, cl := range []*conn.Client{r.cl, r.taker} {
			if cl != nil {
				_ = cl.Close()
				<-cl.Done()
			}
		}
	})
	var err error
	if r.p, err = r.cl.NewProducer(cfg.producer); err != nil {
		t.Fatal(err)
	}
	return r
}

// patient returns a Config whose timeouts do not end before the test's patience does.
func patient() conn.Config {
	return conn.Config{Attempts: -1, ConnectTimeout: patience, ReceiptTimeout: patience, DisconnectTimeout: patience,
		HeartBeat: alive(time.Minute)}
}

// startClient makes a client that begins to connect.
func startClient(t *testing.T, to place, cfg conn.Config) *conn.Client {
	t.Helper()
	cl, err := to.client(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = cl.Connect(now) // goes on when it returns
	return cl
}

// connections returns how many connections there are for a fault to hit, once a run sends and consumes.
func (r *run) connections() int {
	if r.taker == r.cl {
		return 2
	}
	return 1
}

// lose has a fault end the connections, all of which are there when it does. It returns why they were lost, when all are.
func (r *run) lose(end func() int) (causes []error) {
	r.t.Helper()
	eventually(r.t, "the client is connected", r.cl.Connected)
	if n := end(); n < r.connections() {
		r.t.Errorf("%d connections were ended, want %d", n, r.connections())
	}
	for range r.connections() {
		causes = append(causes, r.loss())
	}
	return causes
}

// send sends the next n messages of the given size, and stops at an error.
func (r *run) send(n, size int) {
	r.t.Helper()
	for range n {
		number := r.sent + 1
		var seq uint64
		err := returns(r.t, "Send", callLimit, func(ctx context.Context) (err error) {
			seq, err = r.p.Send(ctx, message(number, size))
			return err
		})
		if err != nil || seq != uint64(number) {
			r.t.Errorf("message %d: number %d, %v", number, seq, err)
			return
		}
		r.sent++
	}
}

// settle waits for the outcomes of all that was sent. Flush says so if not all since the last one were confirmed.
func (r *run) settle() {
	r.t.Helper()
	before := r.books.audit()
	err := returns(r.t, "Flush", outcomeLimit, r.p.Flush)
	var short *conn.OutcomeError
	if err != nil && !errors.As(err, &short) {
		r.t.Fatal("Flush: ", err)
	}
	after := r.books.audit()
	all := after.confirmed == after.sent
	if all && short != nil || !all && short == nil && before.sent-before.confirmed != after.sent-after.confirmed {
		r.t.Errorf("Flush: %v, and %d of %d are confirmed", err, after.confirmed, after.sent)
	}
}

// loss returns why a connection was lost.
func (r *run) loss() error {
	r.t.Helper()
	select {
	case err := <-r.losses:
		if !errors.Is(err, net.ErrClosed) || errors.Unwrap(err) == nil {
			r.t.Errorf("lost with %v; want a cause", err)
		}
		return err
	case <-time.After(patience):
		r.t.Fatal("no connection was lost")
		return nil
	}
}

// end disconnects. The client and each connection end once, and say why.
func (r *run) end() {
	r.t.Helper()
	if err := returns(r.t, "Disconnect", callLimit, r.cl.Disconnect); err != nil {
		r.t.Errorf("Disconnect: %v", err)
	}
	<-r.cl.Done()
	if err := r.cl.Err(); !errors.Is(err, net.ErrClosed) {
		r.t.Errorf("the client ended with %v", err)
	}
	if r.taker != r.cl {
		if err := returns(r.t, "Disconnect", callLimit, r.taker.Disconnect); err != nil {
			r.t.Errorf("Disconnect: %v", err)
		}
		<-r.taker.Done()
	}
	r.lives.check(r.t)
	r.cl, r.p, r.taker = nil, nil, nil // a test may go on, and is not to keep them
}

// check holds the books: all were sent, nothing that was confirmed is lost, and whatever came twice is marked.
func (r *run) check() audit {
	r.t.Helper()
	a := r.books.audit()
	r.t.Log(a)
	if a.sent != r.sent || a.twice != 0 || a.unasked != 0 {
		r.t.Errorf("%d were sent, %d outcomes were told, %d of them twice, and %d came that nobody sent", r.sent, a.sent, a.twice, a.unasked)
	}
	if a.lost != 0 || a.unmarked != 0 || a.notSentReceived != 0 {
		r.t.Errorf("%d confirmed ones are lost, %d came again without a mark, %d were not sent and came", a.lost, a.unmarked,
			a.notSentReceived)
	}
	return a
}

// allConfirmed is check where nothing but confirmation is good enough.
func (r *run) allConfirmed() audit {
	r.t.Helper()
	a := r.check()
	if a.confirmed != r.sent {
		r.t.Errorf("%d of %d are confirmed", a.confirmed, r.sent)
	}
	return a
}

// consume takes messages into the books and acknowledges each, as they come if pull is false, and else from Next.
func (r *run) consume(pull bool) {
	r.t.Helper()
	take := func(m *conn.Message) {
		_, again := m.Header.Lookup("x-possible-duplicate")
		r.books.arrive(m.Body, again || m.Redelivered())
		if err := m.Ack(); err != nil && !errors.Is(err, net.ErrClosed) {
			r.t.Errorf("Ack: %v", err)
		}
	}
	opts := conn.SubscribeOptions{Ack: frame.AckClientIndividual}
	if r.aside != nil {
		cfg := patient()
		cfg.Trace = r.lives.watch("taker")
		r.taker = startClient(r.t, *r.aside, cfg)
	}
	if !pull {
		err := returns(r.t, "Subscribe", callLimit, func(ctx context.Context) error {
			_, err := r.taker.Subscribe(ctx, r.queue, func(_ context.Context, m *conn.Message) { take(m) }, opts)
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
		return
	}
	opts.MaxMessages = 50
	var sub *conn.Subscription
	err := returns(r.t, "Consume", callLimit, func(ctx context.Context) (err error) {
		sub, err = r.taker.Consume(ctx, r.queue, opts)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range sub.All(context.Background()) {
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					r.t.Errorf("Next: %v", err)
				}
				return
			}
			take(m)
		}
	}()
	cl := r.taker
	r.t.Cleanup(func() {
		_ = cl.Close()
		<-done
		_ = sub.Unsubscribe(context.Background())
	})
}

// awaitArrivals waits until all that was sent has arrived.
func (r *run) awaitArrivals() {
	r.t.Helper()
	eventually(r.t, "all that was sent has arrived", func() bool { return r.books.missing(1, r.sent) == 0 })
}
