package listen_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/listen"
	"github.com/stompwire/stompwire/frame"
)

// recorder is a listener to everything that stomp.py has a name for.
type recorder struct {
	*events
	name string
}

var _ listen.Listener = recorder{}

func (r recorder) OnConnecting(listen.Connection) { r.note(r.name + "connecting") }
func (r recorder) OnSend(_ listen.Connection, f *frame.Frame) {
	r.note(r.name + "send " + f.Command.String())
}
func (r recorder) OnConnected(listen.Connection, *frame.Frame) { r.note(r.name + "connected") }
func (r recorder) OnBeforeMessage(context.Context, listen.Connection, *conn.Message) {
	r.note(r.name + "before message")
}
func (r recorder) OnMessage(_ context.Context, _ listen.Connection, m *conn.Message) {
	r.note(r.name + "message " + string(m.Body))
}
func (r recorder) OnReceipt(listen.Connection, *frame.Frame) { r.note(r.name + "receipt") }
func (r recorder) OnError(_ listen.Connection, err *conn.ServerError) {
	r.note(r.name + "error " + err.Message)
}
func (r recorder) OnHeartBeat(listen.Connection)             { r.note(r.name + "heart-beat") }
func (r recorder) OnHeartBeatTimeout(listen.Connection)      { r.note(r.name + "heart-beat timeout") }
func (r recorder) OnDisconnecting(listen.Connection)         { r.note(r.name + "disconnecting") }
func (r recorder) OnReceiverLoopCompleted(listen.Connection) { r.note(r.name + "loop completed") }
func (r recorder) OnDisconnected(listen.Connection, error)   { r.note(r.name + "disconnected") }

// enter is Set without the error that a listener with no method gives.
func enter(t testing.TB, s *listen.Set, name string, l any) {
	t.Helper()
	if err := s.Set(name, l); err != nil {
		t.Fatal(err)
	}
}

func ignore(context.Context, *conn.Message) {}

func subscribe(t testing.TB, c *conn.Client, h conn.MessageHandler, mode frame.AckMode) {
	t.Helper()
	if _, err := c.Subscribe(t.Context(), "/queue/a", h, conn.SubscribeOptions{ID: "1", Ack: mode}); err != nil {
		t.Fatal(err)
	}
}

func TestListenerOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.connected = "CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n^@"
		var seen events
		var listeners listen.Set
		enter(t, &listeners, "", recorder{&seen, ""})
		c := s.dialled(conn.Config{OneConnection: true}, &listeners)
		seen.expect(t, "connecting", "send CONNECT", "connected")
		subscribe(t, c, func(ctx context.Context, m *conn.Message) {
			seen.note("handler " + string(m.Body))
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
		}, frame.AckClient)
		seen.expect(t, "send SUBSCRIBE", "receipt")
		s.say(message("m1", "x"))
		seen.expect(t, "before message", "message x", "handler x", "send ACK")
		s.say("\n\n")
		seen.expect(t, "heart-beat")
		s.say("ERROR\nmessage:odd\n\n^@")
		seen.expect(t, "error odd")
		if err := c.Send(t.Context(), "/queue/a", []byte("y"), frame.Field{Name: "receipt", Value: "mine"}); err != nil {
			t.Fatal(err)
		}
		seen.sort() // of these two the first may be told last
		seen.expect(t, "receipt", "send SEND")
		p, err := c.NewProducer(conn.ProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Send(t.Context(), []byte("z")); err != nil {
			t.Fatal(err)
		}
		seen.sort()
		seen.expect(t, "receipt", "send SEND")
		if err := c.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "disconnecting", "send DISCONNECT", "receipt", "loop completed", "disconnected")
	})
}

func TestListenerOrderAtALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var seen events
		var listeners listen.Set
		s.dialled(conn.Config{}, &listeners)
		enter(t, &listeners, "", recorder{&seen, ""})
		s.cut()
		seen.expect(t, "loop completed", "disconnected")
		time.Sleep(time.Second)
		seen.expect(t, "connecting", "send CONNECT", "connected")
		// A broker that goes silent.
		s.set(func(s *server) { s.connected = "CONNECTED\nversion:1.2\nheart-beat:1000,0\n\n^@" })
		s.cut()
		time.Sleep(time.Second)
		seen.expect(t, "loop completed", "disconnected", "connecting", "send CONNECT", "connected")
		s.set(func(s *server) { s.refuse = true })
		time.Sleep(time.Minute)
		seen.expect(t, "heart-beat timeout", "loop completed", "disconnected")
	})
}

func TestListenersAreToldInOrderOfNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var seen events
		var listeners listen.Set
		for _, name := range []string{"c", "a", "b"} {
			enter(t, &listeners, name, recorder{&seen, name + " "})
		}
		if got := listeners.Get("a"); got != any(recorder{&seen, "a "}) {
			t.Errorf("listener a is %v", got)
		}
		enter(t, &listeners, "b", recorder{&seen, "new b "})
		listeners.Remove("c")
		listeners.Remove("never there")
		c := s.dialled(conn.Config{OneConnection: true}, &listeners)
		seen.expect(t, "a connecting", "new b connecting", "a send CONNECT", "new b send CONNECT", "a connected", "new b connected")
		subscribe(t, c, ignore, frame.AckAuto)
		seen.expect(t, "a send SUBSCRIBE", "new b send SUBSCRIBE", "a receipt", "new b receipt")
		s.say(message("m1", "x"))
		seen.expect(t, "a before message", "new b before message", "a message x", "new b message x")
		listeners.Remove("a")
		listeners.Remove("b")
		s.say(message("m2", "x"))
		seen.expect(t)
		if listeners.Get("a") != nil {
			t.Error("a removed listener is there")
		}
	})
}

func TestListenerNeedsAMethod(t *testing.T) {
	var listeners listen.Set
	if err := listeners.Set("x", 1); err == nil {
		t.Error("a number listens")
	}
	if err := listeners.Set("x", listen.Base{}); err != nil {
		t.Error(err)
	}
	if listeners.Get("y") != nil || listeners.Get("x") != any(listen.Base{}) {
		t.Error("Get finds something else")
	}
}

type addresses struct{ *events }

func (a addresses) OnConnecting(c listen.Connection) {
	a.note("connecting " + c.Name + " " + c.Addr)
}
func (a addresses) OnBeforeMessage(_ context.Context, c listen.Connection, _ *conn.Message) {
	a.note("message " + c.Name)
}
func (a addresses) OnDisconnected(c listen.Connection, err error) {
	a.note(fmt.Sprintf("disconnected %s, closed: %t", c.Name, errors.Is(err, net.ErrClosed)))
}

// A listener is told which connection an event belongs to.
func TestListenerKnowsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var seen events
		var listeners listen.Set
		enter(t, &listeners, "", addresses{&seen})
		c := s.dialled(conn.Config{}, &listeners)
		seen.expect(t, "connecting producer 1 stomp://broker:61613")
		subscribe(t, c, ignore, frame.AckAuto)
		s.say(message("m1", "x"))
		seen.expect(t, "connecting consumer stomp://broker:61613", "message consumer")
		_ = c.Disconnect(t.Context())
		seen.sort()
		seen.expect(t, "disconnected consumer, closed: true", "disconnected producer 1, closed: true")
	})
}

type changer struct{}

func (changer) OnBeforeMessage(_ context.Context, _ listen.Connection, m *conn.Message) {
	m.Body = []byte("changed")
	m.Header = append(m.Header.Fields(), frame.Field{Name: "added", Value: "1"}).Header()
}

func TestListenerBeforeMessageChangesIt(t *testing.T) {
	s := newServer(t)
	var listeners listen.Set
	var seen events
	enter(t, &listeners, "a", recorder{&seen, ""})
	enter(t, &listeners, "b", changer{})
	c := s.dialled(conn.Config{}, &listeners)
	got := make(chan string, 1)
	subscribe(t, c, func(_ context.Context, m *conn.Message) {
		got <- string(m.Body) + m.Header.Text("added")
	}, frame.AckAuto)
	s.say(message("m1", "x"))
	if text := <-got; text != "changed1" {
		t.Errorf("handler got %q", text)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if last := seen.all[len(seen.all)-1]; last != "message changed" {
		t.Errorf("an earlier listener is told %q", last)
	}
}

// A listener is told of an ACK with no lock held, so it may acknowledge something itself.
func TestListenerMayAcknowledge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var listeners listen.Set
		var acked []string
		var later conn.Token
		enter(t, &listeners, "", onAck(func(f *frame.Frame) {
			acked = append(acked, f.Header.Text("id"))
			if len(acked) == 1 {
				if err := later.Ack(); err != nil {
					t.Error(err)
				}
			}
		}))
		c := s.dialled(conn.Config{}, &listeners)
		subscribe(t, c, func(_ context.Context, m *conn.Message) {
			if string(m.Body) == "later" {
				later = m.Token()
			} else if err := m.Ack(); err != nil {
				t.Error(err)
			}
		}, frame.AckClientIndividual)
		s.say(message("m1", "later") + message("m2", "now"))
		synctest.Wait()
		if got := fmt.Sprint(acked); got != "[m2 m1]" {
			t.Errorf("told of %s", got)
		}
	})
}

// onAck is told of each ACK.
type onAck func(f *frame.Frame)

func (on onAck) OnSend(_ listen.Connection, f *frame.Frame) {
	if f.Command == frame.CmdAck {
		on(f)
	}
}

type panicker struct{ listen.Base }

func (panicker) OnReceipt(listen.Connection, *frame.Frame) { panic("ouch") }

type panics chan error

func (p panics) OnEvent(_ context.Context, e *conn.Event) {
	if e.Kind == conn.EventPanic {
		p <- e.Err
	}
}

// A panic neither keeps other listeners from being told nor the client from going on.
func TestListenerPanicIsContained(t *testing.T) {
	s := newServer(t)
	var listeners listen.Set
	var seen events
	told := make(panics, 10)
	enter(t, &listeners, "a", panicker{})
	enter(t, &listeners, "b", recorder{&seen, ""})
	enter(t, &listeners, "panics", told)
	c := s.dialled(conn.Config{}, &listeners)
	if err := c.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
		t.Error(err)
	}
	var err *conn.PanicError
	if !errors.As(<-told, &err) || err.Value != "ouch" || !bytes.Contains(err.Stack, []byte("panicker.OnReceipt")) {
		t.Errorf("told of %v, stack:\n%s", err, err.Stack)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if got := strings.Join(seen.all, ","); !strings.Contains(got, "receipt") {
		t.Errorf("the other listener is told of %s", got)
	}
}

// A panic that no listener hears of is logged, as it is by a client without Trace.
func TestPanicIsLoggedWithoutAListener(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	s := newServer(t)
	var listeners listen.Set
	enter(t, &listeners, "", panicker{})
	c := s.dialled(conn.Config{}, &listeners)
	if err := c.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
		t.Error(err)
	}
	if text := out.String(); !strings.Contains(text, "ouch") || !strings.Contains(text, "panicker.OnReceipt") {
		t.Errorf("logged %q", text)
	}
}
