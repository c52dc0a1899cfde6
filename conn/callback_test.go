package conn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine/pump"
	"github.com/stompwire/stompwire/frame"
)

// contextOf calls a function from within a context.
type contextOf struct {
	context.Context
	call func()
}

func (c contextOf) Value(key any) any { c.call(); return c.Context.Value(key) }
func (c contextOf) Err() error        { c.call(); return c.Context.Err() }

type readerOf func()

func (r readerOf) Read([]byte) (int, error) { r(); return 0, io.EOF }

// Events are named by their kind, and EventSend and EventReceived by the command of the frame as well.
const (
	events = "connecting,send CONNECT,send SUBSCRIBE,send SEND,send ACK,send BEGIN,send UNSUBSCRIBE,send DISCONNECT," +
		"received CONNECTED,received RECEIPT,received ERROR,message,heart-beat,connected,retry,subscription,skipped,panic,disconnecting,disconnected"
	callbacks = "DialFunc,Credentials,Unsolicited,HeadersFunc,OnEnd,OnOutcome,handler"
)

// In whatever the client calls, everything of it can be called that does not wait, Close too; and then it ends.
func TestCloseInEachCallback(t *testing.T) {
	for _, oneConnection := range []bool{false, true} {
		for _, turn := range strings.Split(events+","+callbacks+",ctx,early ctx,body,nothing", ",") {
			t.Run(turn, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					u := &used{t: t, oneConnection: oneConnection, turn: turn}
					u.do = func() {
						if u.inside.CompareAndSwap(false, true) {
							defer u.inside.Store(false)
							u.everything()
						}
					}
					u.run()
				})
			})
		}
	}
}

// A panic in a callback ends nothing, and is told.
func TestPanicInEachCallback(t *testing.T) {
	for _, oneConnection := range []bool{false, true} {
		for _, turn := range strings.Split(events+","+callbacks, ",") {
			t.Run(turn, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					u := &used{t: t, oneConnection: oneConnection, turn: turn, do: func() { panic(errOurs) }}
					u.run()
					if n, at := u.panics.Load(), u.calls.Load(); n != at && turn != "panic" {
						t.Errorf("%d panics of %d are told", n, at)
					}
				})
			})
		}
	}
}

var errOurs = errors.New("of the test")

// used is a client of which everything is used, and that calls do in one callback.
type used struct {
	t             *testing.T
	oneConnection bool
	turn          string
	do            func()

	client        atomic.Pointer[conn.Client]
	producer      atomic.Pointer[conn.Producer]
	subscription  atomic.Pointer[conn.Subscription]
	inside        atomic.Bool
	calls, panics atomic.Int64
}

func (u *used) call(name string) {
	if name == u.turn && u.client.Load() != nil {
		u.calls.Add(1)
		u.do()
	}
}

func (u *used) trace(_ context.Context, e *conn.Event) {
	name := e.Kind.String()
	if e.Kind == conn.EventPanic {
		var err *conn.PanicError
		if !errors.As(e.Err, &err) || err.Value == nil || len(err.Stack) == 0 {
			u.t.Errorf("%v", e.Err)
		} else if errors.Is(err, errOurs) {
			u.panics.Add(1)
		}
	}
	if e.Kind == conn.EventSend || e.Kind == conn.EventReceived {
		name += " " + e.Frame.Command.String()
	}
	u.call(name)
}

// everything is what may be called anywhere.
func (u *used) everything() {
	c, p, sub := u.client.Load(), u.producer.Load(), u.subscription.Load()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, _, _ = c.Connected(), c.Stats(), c.Err(), c.Sessions()
	if p != nil {
		_ = p.Stats()
		_, _ = p.Send(over, nil)
		_ = p.Flush(over)
		_ = p.Close(over)
	}
	if sub != nil {
		if m, err := sub.Next(over); err == nil {
			m.Release()
		}
		_, _ = sub.Err(), sub.Dropped()
		_ = sub.Unsubscribe(over)
	}
	_ = c.Send(over, "/queue/a", nil)
	_ = c.SendReceipt(over, "/queue/a", nil)
	_, _ = c.Request(over, "/queue/a", nil)
	_, _ = c.Begin(over, "")
	_ = c.Connect(over)
	_ = c.Disconnect(over)
	_ = c.Close()
}

// run does everything that leads to a callback. All of it may fail, and does once the client was closed.
func (u *used) run() {
	t := u.t
	s := &fakeServer{t: t, refuse: 1}
	if u.turn == "heart-beat" {
		s.connect = "CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n^@"
	}
	cfg := conn.Config{
		OneConnection: u.oneConnection,
		Trace:         u.trace,
		Driver:        pump.Driver{},
		DialFunc: func(ctx context.Context, network, address string) (net.Conn, error) {
			u.call("DialFunc")
			return s.dial(ctx, network, address)
		},
		Credentials: func(context.Context) (login, passcode string, err error) {
			u.call("Credentials")
			return "me", "secret", nil
		},
		Unsolicited: func(context.Context, *conn.Message) { u.call("Unsolicited") },
	}
	cfg.Link.Limits.Body = 1000
	cfg.DisconnectTimeout = time.Minute
	c, err := conn.New(brokerURI, &cfg)
	if err != nil {
		t.Fatal(err)
	}
	u.client.Store(c)
	defer s.end(c)
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	_ = c.Send(contextOf{soon(), func() { u.call("early ctx") }}, "/queue/c", nil) // there is no connection
	_ = c.Connect(soon())
	p, _ := c.NewProducer(conn.ProducerConfig{Destination: "/queue/p", OnOutcome: func(conn.Outcome) { u.call("OnOutcome") }})
	u.producer.Store(p)
	lasting, _ := c.Subscribe(soon(), "/queue/a", func(_ context.Context, m *conn.Message) {
		u.call("handler")
		_ = m.Ack()
		if u.turn == "panic" {
			panic("for the event")
		}
	}, conn.SubscribeOptions{Ack: frame.AckClient, HeadersFunc: func() []frame.Field { u.call("HeadersFunc"); return nil }})
	sub, _ := c.Consume(soon(), "/queue/b", conn.SubscribeOptions{OnEnd: func(*conn.Subscription, error) { u.call("OnEnd") }})
	u.subscription.Store(sub)
	if p != nil {
		_, _ = p.Send(soon(), nil)
	}
	_ = c.SendReceipt(contextOf{soon(), func() { u.call("ctx") }}, "/queue/c", bytes.Repeat([]byte("x"), 10))
	_ = c.SendFrom(soon(), "/queue/d", readerOf(func() { u.call("body") }), 1)
	_, _ = c.Begin(soon(), "")
	u.incoming(s, message("1", "1", "x")+message("1", "2", "x")+message("2", "3", "x")+message("99", "4", "x"))
	u.incoming(s, "MESSAGE\nsubscription:1\nmessage-id:5\ndestination:/queue/a\ncontent-length:2000\n\n"+strings.Repeat("x", 2000)+"^@")
	u.incoming(s, "\n\n") // the first may belong to the frame before
	u.incoming(s, "ERROR\nmessage:general\n\n^@")
	if lasting != nil {
		_ = lasting.Unsubscribe(soon())
	}
	s.set(func(s *fakeServer) {
		s.answer = func(text string) bool { // no subscription is renewed
			if strings.HasPrefix(text, "SUBSCRIBE") {
				for _, b := range s.sessions {
					go b.say("ERROR\nreceipt-id:" + header(text, "receipt") + "\nmessage:no\n\n^@")
				}
				return false
			}
			return true
		}
	})
	s.cut()
	time.Sleep(2 * time.Minute) // after one the client gives the subscription up
	_ = c.Disconnect(soon())
	_ = c.Close()
	<-c.Done()
	synctest.Wait()
	if sub != nil {
		_, _ = drain(sub)
	}
	if u.turn != "nothing" && u.calls.Load() == 0 {
		t.Errorf("%s was never called", u.turn)
	}
}

// incoming has the broker say text on each connection, and waits until it is handled.
func (u *used) incoming(s *fakeServer, text string) {
	s.mu.Lock()
	all := s.sessions
	s.mu.Unlock()
	var said sync.WaitGroup
	for _, b := range all {
		said.Go(func() { b.say(text) })
	}
	said.Wait()
	time.Sleep(time.Second)
}
