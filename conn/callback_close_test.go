package conn_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// everywhere is a listener that calls one function, if it is the turn of that callback.
type everywhere func(name string)

func (e everywhere) OnConnecting(*conn.Conn, string)                { e("OnConnecting") }
func (e everywhere) OnSend(_ *conn.Conn, f *frame.Frame)            { e("OnSend " + f.Command.String()) }
func (e everywhere) OnConnected(*conn.Conn, *frame.Frame)           { e("OnConnected") }
func (e everywhere) OnBeforeMessage(context.Context, *conn.Message) { e("OnBeforeMessage") }
func (e everywhere) OnMessage(context.Context, *conn.Message)       { e("OnMessage") }
func (e everywhere) OnReceipt(*conn.Conn, *frame.Frame)             { e("OnReceipt") }
func (e everywhere) OnError(*conn.Conn, *conn.ServerError)          { e("OnError") }
func (e everywhere) OnHeartBeat(*conn.Conn)                         { e("OnHeartBeat") }
func (e everywhere) OnDisconnecting(*conn.Conn)                     { e("OnDisconnecting") }
func (e everywhere) OnReceiverLoopCompleted(*conn.Conn)             { e("OnReceiverLoopCompleted") }
func (e everywhere) OnDisconnected(*conn.Conn, error)               { e("OnDisconnected") }

// contextOf calls a function from within a context.
type contextOf struct {
	context.Context
	call func()
}

func (c contextOf) Value(key any) any { c.call(); return c.Context.Value(key) }
func (c contextOf) Err() error        { c.call(); return c.Context.Err() }

type readerOf func()

func (r readerOf) Read([]byte) (int, error) { r(); return 0, io.EOF }

// In whatever the client calls, everything of it can be called that does not wait, Close too; and then it ends.
func TestCloseInEachCallback(t *testing.T) {
	names := strings.Split("OnConnecting,OnSend CONNECT,OnSend SUBSCRIBE,OnSend SEND,OnSend ACK,OnSend BEGIN,OnSend UNSUBSCRIBE,OnSend DISCONNECT,OnConnected,"+
		"OnBeforeMessage,OnMessage,OnReceipt,OnError,OnHeartBeat,OnDisconnecting,OnReceiverLoopCompleted,OnDisconnected,"+
		"Dial,OnState,Config.OnError,OnUnsolicited,OnPanic,Config.OnClose,OnClose,OnSubscriptionLost,OnOutcome,handler,Acker.OnError,ctx,early ctx,body,nothing", ",")
	for _, oneConnection := range []bool{false, true} {
		for _, turn := range names {
			t.Run(turn, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { closeIn(t, turn, oneConnection) })
			})
		}
	}
}

func closeIn(t *testing.T, turn string, oneConnection bool) {
	s := &fakeServer{t: t}
	var client atomic.Pointer[conn.Client]
	var producer atomic.Pointer[conn.ClientProducer]
	var consumer atomic.Pointer[conn.Consumer]
	var acker atomic.Pointer[conn.Acker]
	var reached, inside atomic.Bool
	call := everywhere(func(name string) {
		cl, p, co, acker := client.Load(), producer.Load(), consumer.Load(), acker.Load()
		if name != turn || cl == nil || !inside.CompareAndSwap(false, true) {
			return
		}
		defer inside.Store(false)
		reached.Store(true)
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_, _, _ = cl.State(), cl.Stats(), cl.Err()
		_ = cl.SetListener("other", new(conn.StatsListener))
		cl.RemoveListener("other")
		if p != nil {
			_ = p.Stats()
			_, _ = p.Send(over, nil)
			_ = p.Close(over)
		}
		if co != nil {
			_ = co.Close(over)
		}
		if acker != nil {
			_ = acker.Flush()
		}
		_ = cl.Send(over, "/queue/a", nil)
		_ = cl.Disconnect(over)
		_ = cl.Close()
	})
	cfg := conn.ClientConfig{
		OneConnection: oneConnection,
		Dial: func(ctx context.Context, cfg *conn.Config) (*conn.Conn, error) {
			call("Dial")
			return s.dial(ctx, cfg)
		},
		OnState:            func(conn.StateChange) { call("OnState") },
		OnSubscriptionLost: func(*conn.ClientSubscription, error) { call("OnSubscriptionLost") },
		OnClose:            func(error) { call("OnClose") },
		Conn: conn.Config{
			Listeners:     new(conn.Listeners),
			OnError:       func(*conn.ServerError) { call("Config.OnError") },
			OnUnsolicited: func(context.Context, *conn.Message) { call("OnUnsolicited") },
			OnPanic:       func(*conn.PanicError) { call("OnPanic") },
			OnClose:       func(error) { call("Config.OnClose") },
		},
	}
	if err := cfg.Conn.Listeners.Set("everywhere", call); err != nil {
		t.Fatal(err)
	}
	cl, err := conn.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client.Store(cl)
	t.Cleanup(func() { s.end(cl) })
	acker.Store(conn.NewAcker(conn.AckerConfig{Every: 2, OnError: func(error) { call("Acker.OnError") }}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	// All that may fail from here on, and does once the client was closed.
	early, cancelEarly := context.WithTimeout(ctx, time.Second)
	defer cancelEarly()
	_ = cl.Send(contextOf{early, func() { call("early ctx") }}, "/queue/c", nil) // there is no connection
	_ = cl.Connect(ctx)
	p, _ := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/p", OnOutcome: func(conn.Outcome) { call("OnOutcome") }})
	producer.Store(p)
	_, _ = cl.Subscribe(ctx, "/queue/a", func(_ context.Context, m *conn.Message) {
		call("handler")
		_ = acker.Load().Ack(m)
		if turn == "OnPanic" {
			panic("for OnPanic")
		}
	}, conn.SubscribeOptions{Ack: frame.AckClient})
	co, _ := cl.Consume(ctx, "/queue/b", conn.ConsumeOptions{})
	consumer.Store(co)
	if p != nil {
		_, _ = p.Send(ctx, nil)
	}
	_ = cl.SendReceipt(contextOf{ctx, func() { call("ctx") }}, "/queue/c", nil)
	_ = cl.SendFrom(ctx, "/queue/d", readerOf(func() { call("body") }), 1)
	_, _ = cl.Begin(ctx, "")
	say := func(text string) {
		s.mu.Lock()
		all := s.sessions
		s.mu.Unlock()
		for _, b := range all {
			b.say(text)
		}
		synctest.Wait()
	}
	say(message("1", "1", "x") + message("1", "2", "x") + message("1", "3", "x"))
	say(message("99", "1", "x"))
	say("\n\n") // the first belongs to the frame before
	say("ERROR\nmessage:general\n\n^@")
	s.set(func(s *fakeServer) {
		s.answer = func(text string) bool {
			if !strings.HasPrefix(text, "SUBSCRIBE") {
				return true
			}
			b := s.sessions[len(s.sessions)-1]
			go b.say("ERROR\nreceipt-id:" + header(text, "receipt") + "\nmessage:no\n\n^@")
			return false
		}
	})
	if turn != "OnSend UNSUBSCRIBE" && turn != "OnSend DISCONNECT" && turn != "OnDisconnecting" {
		s.cut() // with one message pending, for Acker.OnError
	}
	time.Sleep(time.Second)
	_ = cl.SendReceipt(contextOf{ctx, func() { call("ctx") }}, "/queue/c", bytes.Repeat([]byte("x"), 10))
	if co != nil {
		_ = co.Close(ctx)
	}
	_ = cl.Disconnect(ctx)
	_ = cl.Close()
	<-cl.Done()
	synctest.Wait()
	if turn != "nothing" && !reached.Load() {
		t.Errorf("%s was never called", turn)
	}
}
