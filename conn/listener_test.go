package conn_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

// events records what listeners are told, each under its name.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) note(event string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Equal(e.all, want) {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(e.all, "\n"), strings.Join(want, "\n"))
	}
	e.all = nil
}

// recorder is a listener to everything.
type recorder struct {
	*events
	name string
}

func (r recorder) OnConnecting(*conn.Conn, string)      { r.note(r.name + "connecting") }
func (r recorder) OnSend(_ *conn.Conn, f *frame.Frame)  { r.note(r.name + "send " + f.Command.String()) }
func (r recorder) OnConnected(*conn.Conn, *frame.Frame) { r.note(r.name + "connected") }
func (r recorder) OnBeforeMessage(_ context.Context, _ *conn.Message) {
	r.note(r.name + "before message")
}
func (r recorder) OnMessage(_ context.Context, m *conn.Message) {
	r.note(r.name + "message " + string(m.Body))
}
func (r recorder) OnReceipt(*conn.Conn, *frame.Frame) { r.note(r.name + "receipt") }
func (r recorder) OnError(_ *conn.Conn, err *conn.ServerError) {
	r.note(r.name + "error " + err.Message)
}
func (r recorder) OnHeartBeat(*conn.Conn)             { r.note(r.name + "heart-beat") }
func (r recorder) OnHeartBeatTimeout(*conn.Conn)      { r.note(r.name + "heart-beat timeout") }
func (r recorder) OnDisconnecting(*conn.Conn)         { r.note(r.name + "disconnecting") }
func (r recorder) OnReceiverLoopCompleted(*conn.Conn) { r.note(r.name + "loop completed") }
func (r recorder) OnDisconnected(*conn.Conn, error)   { r.note(r.name + "disconnected") }

var _ conn.Listener = recorder{}

func TestListenerOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		var seen events
		cl := s.client(conn.ClientConfig{OneConnection: true})
		if err := cl.SetListener("", recorder{&seen, ""}); err != nil {
			t.Fatal(err)
		}
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "connecting", "send CONNECT", "connected")
		_, err := cl.Subscribe(t.Context(), "/queue/a", func(ctx context.Context, m *conn.Message) {
			seen.note("handler " + string(m.Body))
			if err := m.Ack(); err != nil {
				t.Error(err)
			}
		}, conn.SubscribeOptions{Ack: frame.AckClient})
		if err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "send SUBSCRIBE", "receipt")
		s.latest().say(message("1", "m1", "x"))
		seen.expect(t, "before message", "message x", "handler x", "send ACK")
		s.latest().say("\n\n")
		seen.expect(t, "heart-beat")
		s.latest().say("ERROR\nmessage:odd\n\n^@")
		seen.expect(t, "error odd")
		if err := cl.Send(t.Context(), "/queue/a", []byte("y"), frame.Field{Name: "receipt", Value: "mine"}); err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "send SEND", "receipt")
		p, err := cl.NewProducer(conn.ClientProducerConfig{Destination: "/queue/a"})
		if err != nil {
			t.Fatal(err)
		}
		sendAll(t, p, "z")
		synctest.Wait()
		slices.Sort(seen.all) // of these two the first may be told last
		seen.expect(t, "receipt", "send SEND")
		if err := cl.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "disconnecting", "send DISCONNECT", "receipt", "loop completed", "disconnected")
	})
}

func TestListenerOrderAtALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		var seen events
		cl := s.connected(conn.ClientConfig{})
		_ = cl.SetListener("", recorder{&seen, ""})
		s.cut()
		synctest.Wait()
		seen.expect(t, "loop completed", "disconnected")
		time.Sleep(time.Second)
		seen.expect(t, "connecting", "send CONNECT", "connected")
		// A broker that goes silent.
		s.set(func(s *fakeServer) { s.connect = "CONNECTED\nversion:1.2\nheart-beat:1000,0\n\n^@" })
		s.cut()
		time.Sleep(time.Second)
		seen.expect(t, "loop completed", "disconnected", "connecting", "send CONNECT", "connected")
		s.set(func(s *fakeServer) { s.refuse = -1 })
		time.Sleep(time.Minute)
		seen.expect(t, "heart-beat timeout", "loop completed", "disconnected")
	})
}

func TestListenersAreToldInOrderOfNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		var seen events
		cl := s.client(conn.ClientConfig{OneConnection: true})
		for _, name := range []string{"c", "a", "b"} {
			if err := cl.SetListener(name, recorder{&seen, name + " "}); err != nil {
				t.Fatal(err)
			}
		}
		if got := cl.Listener("a"); got != any(recorder{&seen, "a "}) {
			t.Errorf("listener a is %v", got)
		}
		_ = cl.SetListener("b", recorder{&seen, "new b "})
		cl.RemoveListener("c")
		cl.RemoveListener("never there")
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "a connecting", "new b connecting", "a send CONNECT", "new b send CONNECT", "a connected", "new b connected")
		if _, err := cl.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{NoReceipt: true}); err != nil {
			t.Fatal(err)
		}
		seen.expect(t, "a send SUBSCRIBE", "new b send SUBSCRIBE")
		s.latest().say(message("1", "m1", "x"))
		seen.expect(t, "a before message", "new b before message", "a message x", "new b message x")
		cl.RemoveListener("a")
		cl.RemoveListener("b")
		s.latest().say(message("1", "m2", "x"))
		seen.expect(t)
		if cl.Listener("a") != nil {
			t.Error("a removed listener is there")
		}
	})
}

func TestListenerNeedsAMethod(t *testing.T) {
	if err := new(conn.Listeners).Set("x", 1); err == nil {
		t.Error("a number listens")
	}
	if err := new(conn.Listeners).Set("x", conn.ListenerBase{}); err != nil {
		t.Error(err)
	}
}

type changer struct{}

func (changer) OnBeforeMessage(_ context.Context, m *conn.Message) {
	m.Body = []byte("changed")
	m.Header = append(m.Header.Fields(), frame.Field{Name: "added", Value: "1"}).Header()
}

func TestListenerBeforeMessageChangesIt(t *testing.T) {
	s := &fakeServer{t: t}
	cl := s.connected(conn.ClientConfig{})
	_ = cl.SetListener("", changer{})
	got := make(chan string, 1)
	_, err := cl.Subscribe(t.Context(), "/queue/a", func(_ context.Context, m *conn.Message) {
		got <- string(m.Body) + string(m.Header.Get("added"))
	}, conn.SubscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.latest().say(message("1", "m1", "x"))
	if text := <-got; text != "changed1" {
		t.Errorf("handler got %q", text)
	}
}

type panicker struct{ conn.ListenerBase }

func (panicker) OnReceipt(*conn.Conn, *frame.Frame) { panic("ouch") }

func TestListenerPanicIsContained(t *testing.T) {
	s := &fakeServer{t: t}
	told := make(chan *conn.PanicError, 10)
	cl := s.connected(conn.ClientConfig{Conn: conn.Config{OnPanic: func(err *conn.PanicError) { told <- err }}})
	_ = cl.SetListener("", panicker{})
	if err := cl.SendReceipt(t.Context(), "/queue/a", nil); err != nil {
		t.Error(err)
	}
	if err := <-told; err.Value != "ouch" || !strings.Contains(err.Error(), "listener") {
		t.Error(err)
	}
}

// What is printed is what the page shows, without the passcode.
func TestPrintingListener(t *testing.T) {
	for _, logging := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			var l any = conn.NewPrintingListener(&out)
			if logging {
				l = conn.NewLoggingListener(slog.New(slog.NewTextHandler(&out, nil)))
			}
			s := &fakeServer{t: t, server: "fake"}
			cl := s.client(conn.ClientConfig{OneConnection: true, Conn: conn.Config{Login: "admin", Passcode: "hunter2"}})
			_ = cl.SetListener("", l)
			_ = cl.SetListener("also", recorder{new(events), ""})
			if err := cl.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := cl.Subscribe(t.Context(), "/queue/test", nil, conn.SubscribeOptions{}); err != nil {
				t.Fatal(err)
			}
			_ = cl.Send(t.Context(), "/queue/test", []byte("a test message"))
			s.latest().say(message("1", "m1", "a test message") + "\n\nERROR\nmessage:hunter2 is wrong\n\n^@")
			synctest.Wait()
			_ = cl.Disconnect(t.Context())
			synctest.Wait()
			text := out.String()
			if strings.Contains(text, "hunter2") {
				t.Errorf("the passcode is printed:\n%s", text)
			}
			at := 0
			for _, want := range []string{"on_connecting", "on_send", "CONNECT", "on_connected", "on_send", "SUBSCRIBE", "on_receipt", "on_send", "SEND",
				"on_before_message", "on_message", "a test message", "on_error", "on_heartbeat", "on_disconnecting", "on_send", "DISCONNECT",
				"on_receipt", "on_receiver_loop_completed", "on_disconnected"} {
				i := strings.Index(text[at:], want)
				if i < 0 {
					t.Fatalf("no %s in what is left:\n%s", want, text[at:])
				}
				at += i + len(want)
			}
		})
	}
}

func TestStatsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		stats := new(conn.StatsListener)
		cl := s.client(conn.ClientConfig{OneConnection: true})
		_ = cl.SetListener("stats", stats)
		if err := cl.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := cl.Subscribe(t.Context(), "/queue/a", nil, conn.SubscribeOptions{}); err != nil {
			t.Fatal(err)
		}
		_ = cl.Send(t.Context(), "/queue/a", nil)
		_ = cl.SendReceipt(t.Context(), "/queue/a", nil)
		s.latest().say(message("1", "m1", "x") + message("1", "m2", "x") + "ERROR\nmessage:x\n\n^@\n\n")
		synctest.Wait()
		s.cut()
		time.Sleep(time.Second)
		want := "connections=2 disconnects=1 messages=2 messages-sent=2 receipts=3 errors=1 heart-beats=1 heart-beat-timeouts=0"
		if got := stats.String(); got != want {
			t.Errorf("counted\n%s, want\n%s", got, want)
		}
	})
}

func TestWaitingListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeServer{t: t}
		w := conn.NewWaitingListener("mine")
		cl := s.connected(conn.ClientConfig{})
		_ = cl.SetListener("wait", w)
		_ = cl.SendReceipt(t.Context(), "/queue/a", nil) // another's
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.WaitReceipt(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		_ = cl.Send(t.Context(), "/queue/a", nil, frame.Field{Name: "receipt", Value: "mine"})
		if err := w.WaitReceipt(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := w.WaitDisconnected(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		_ = cl.Disconnect(t.Context())
		if cause, err := w.WaitDisconnected(t.Context()); err != nil || !errors.Is(cause, net.ErrClosed) {
			t.Errorf("cause %v, error %v", cause, err)
		}
	})
}
