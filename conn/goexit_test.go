package conn_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// goexits is a listener that ends the goroutine that it is called on.
type goexits struct{ on string }

func (g goexits) OnMessage(context.Context, *conn.Message) { g.exit("message") }
func (g goexits) OnReceipt(*conn.Conn, *frame.Frame)       { g.exit("receipt") }
func (g goexits) OnHeartBeat(*conn.Conn)                   { g.exit("heart-beat") }

func (g goexits) exit(on string) {
	if g.on == on {
		runtime.Goexit() // as t.FailNow does
	}
}

// Whoever ends the goroutine that reads a connection, by runtime.Goexit, ends the connection: everybody who waits is told,
// and OnClose is called, once, with a cause that says so.
func TestGoexitEndsTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		cfg     conn.Config
		outcome func(conn.Outcome)
		handler conn.MessageHandler
		stream  int
		wire    string
	}{
		"handler": {handler: func(context.Context, *conn.Message) { runtime.Goexit() },
			wire: message("1", "m1", "x") + message("1", "m2", "x")},
		"handler of a long body": {handler: func(context.Context, *conn.Message) { runtime.Goexit() }, stream: 10,
			wire: message("1", "m1", strings.Repeat("x", 100))},
		"OnUnsolicited": {cfg: conn.Config{OnUnsolicited: func(context.Context, *conn.Message) { runtime.Goexit() }},
			wire: message("other", "m1", "x")},
		"OnError":             {cfg: conn.Config{OnError: func(*conn.ServerError) { runtime.Goexit() }}, wire: "ERROR\nmessage:odd\n\n^@"},
		"OnOutcome":           {outcome: func(conn.Outcome) { runtime.Goexit() }, wire: "RECEIPT\nreceipt-id:~0-2\n\n^@"},
		"message listener":    {cfg: listenedTo(goexits{"message"}), wire: message("1", "m1", "x")},
		"receipt listener":    {cfg: listenedTo(goexits{"receipt"}), wire: "RECEIPT\nreceipt-id:x\n\n^@"},
		"heart-beat listener": {cfg: listenedTo(goexits{"heart-beat"}), wire: "\n"},
		"OnPanic": {cfg: conn.Config{OnPanic: func(*conn.PanicError) { runtime.Goexit() }},
			handler: func(context.Context, *conn.Message) { panic("this one") }, wire: message("1", "m1", "x")},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			overEach(t, func(t *testing.T, tr transport) {
				cfg, ends := countEnds(test.cfg)
				told := make(chan *conn.PanicError, 10)
				if cfg.OnPanic == nil {
					cfg.OnPanic = func(err *conn.PanicError) { told <- err }
				}
				listeners := cfg.Listeners
				cfg.Listeners = new(conn.Listeners) // not before there is a subscription
				c, b := session(t, tr, frame.Version12, cfg)
				if test.handler != nil || test.stream > 0 {
					subscribed := async(func() error {
						_, err := c.Subscribe(context.Background(), "/queue/a", test.handler,
							conn.SubscribeOptions{StreamOver: test.stream})
						return err
					})
					b.receipt(header(b.read(), "receipt"))
					if err := b.await(subscribed); err != nil {
						t.Fatal(err)
					}
				}
				p := producer(t, c, conn.ProducerConfig{Destination: "/queue/b", Window: 10, OnOutcome: test.outcome})
				for range 3 {
					if _, err := p.Send(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
					b.read()
				}
				waiting := async(func() error { return c.SendReceipt(context.Background(), "/queue/b", nil) })
				b.read()
				if listeners != nil {
					if err := cfg.Listeners.Set("", listeners.Get("")); err != nil {
						t.Fatal(err)
					}
				}
				b.write(test.wire)
				if err := b.await(waiting); !errors.Is(err, conn.ErrUnknownOutcome) || !errors.Is(err, conn.ErrGoexit) {
					t.Errorf("the call that waits: %v", err)
				}
				b.expectEnd()
				if err := ends.wait(t, c); !errors.Is(err, conn.ErrGoexit) {
					t.Errorf("cause %v", err)
				}
				if err := p.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				if s := p.Stats(); s.Pending != 0 || s.Sent != 3 {
					t.Errorf("%+v", s)
				}
				if test.handler != nil && test.cfg.OnPanic == nil {
					got := <-told
					if !errors.Is(got, conn.ErrGoexit) || got.MessageID != "m1" || !strings.Contains(string(got.Stack), "TestGoexit") {
						t.Errorf("told %v\n%s", got, got.Stack)
					}
				}
			})
		})
	}
}

func listenedTo(l any) conn.Config {
	var listeners conn.Listeners
	if err := listeners.Set("", l); err != nil {
		panic(err)
	}
	return conn.Config{Listeners: &listeners}
}

// A client connects again, and the broker delivers again what was not acknowledged.
func TestGoexitHasAClientReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		told := make(chan *conn.PanicError, 10)
		cl := s.connected(conn.ClientConfig{OneConnection: true, Conn: conn.Config{OnPanic: func(err *conn.PanicError) { told <- err }}})
		handled := make(chan string, 10)
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
			if string(m.Body) == "bad" {
				runtime.Goexit()
			}
			handled <- string(m.Body)
		}, conn.SubscribeOptions{Ack: frame.AckClientIndividual})
		if err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m1", "bad"))
		if got := <-told; !errors.Is(got, conn.ErrGoexit) {
			t.Errorf("told %v", got)
		}
		synctest.Wait()
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.latest().say(message("1", "m2", "good"))
		if got := <-handled; got != "good" {
			t.Errorf("handled %q", got)
		}
	})
}

// What is the client's goroutine ends with the client: Connect, Disconnect and Done do not wait for ever.
func TestGoexitInACallbackOfTheClient(t *testing.T) {
	for _, at := range []conn.State{conn.StateConnecting, conn.StateConnected, conn.StateLost, conn.StateBackingOff, conn.StateClosing, conn.StateClosed} {
		t.Run(at.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeServer{t: t}
				closed := make(chan error, 10)
				cl := s.client(conn.ClientConfig{
					OnState: func(step conn.StateChange) {
						if step.To == at {
							runtime.Goexit()
						}
					},
					OnClose: func(err error) {
						closed <- err
						runtime.Goexit()
					},
				})
				p, seen := newProducer(t, cl, conn.ClientProducerConfig{Redeliver: true})
				_ = cl.Connect(t.Context())
				sends := at != conn.StateConnecting && at != conn.StateConnected // that may have ended it already
				if sends {
					sendAll(t, p, "x")
				}
				synctest.Wait()
				if at == conn.StateLost || at == conn.StateBackingOff {
					s.cut()
				}
				if at >= conn.StateClosing {
					go func() { _ = cl.Disconnect(t.Context()) }() // OnClose may be called there
				}
				<-cl.Done()
				if err := <-closed; at < conn.StateClosing && !errors.Is(err, conn.ErrGoexit) {
					t.Errorf("cause %v", err)
				}
				if got := seen.String(); sends && got != "1 confirmed" {
					t.Errorf("outcomes %q", got)
				}
			})
		})
	}
}

// An outcome whose report ends the goroutine is reported once, like all others, in order or not, and nobody waits for ever.
func TestGoexitInOnOutcome(t *testing.T) {
	const sends = 20
	for _, inOrder := range []bool{true, false} {
		for name, end := range map[string]func(s *fakeServer, cl *conn.Client){
			"receipts": func(s *fakeServer, cl *conn.Client) { s.set(func(s *fakeServer) { s.answer = nil }); s.cut() },
			"timeout":  func(*fakeServer, *conn.Client) {},
			"close":    func(_ *fakeServer, cl *conn.Client) { _ = cl.Close() },
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &fakeServer{t: t, answer: never}
					cl := s.connected(conn.ClientConfig{})
					var mu sync.Mutex
					seen := make(map[uint64]int)
					p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a", InOrder: inOrder, Redeliver: true,
						OnOutcome: func(o conn.Outcome) {
							mu.Lock()
							seen[o.Seq]++
							mu.Unlock()
							runtime.Goexit()
						}})
					if err != nil {
						t.Fatal(err)
					}
					for range sends {
						if _, err := p.Send(t.Context(), nil); err != nil {
							t.Fatal(err)
						}
					}
					synctest.Wait()
					end(s, cl)
					if err := p.Flush(t.Context()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					for seq := range uint64(sends) {
						if seen[seq+1] != 1 {
							t.Errorf("send %d has %d outcomes", seq+1, seen[seq+1])
						}
					}
				})
			})
		}
	}
}
