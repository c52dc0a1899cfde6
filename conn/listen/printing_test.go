package listen_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/listen"
	"github.com/stompwire/stompwire/frame"
)

// expectInOrder fails if text does not hold all of want, one after the other.
func expectInOrder(t *testing.T, text string, want ...string) {
	t.Helper()
	at := 0
	for _, w := range want {
		i := strings.Index(text[at:], w)
		if i < 0 {
			t.Fatalf("no %s in what is left:\n%s", w, text[at:])
		}
		at += i + len(w)
	}
}

// Everything is printed, without the passcode.
func TestPrintingListener(t *testing.T) {
	for _, logging := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			var l any = listen.NewPrintingListener(&out)
			if logging {
				l = listen.NewLoggingListener(slog.New(slog.NewTextHandler(&out, nil)))
			}
			s := newServer(t)
			s.connected = "CONNECTED\nversion:1.2\nheart-beat:10000,0\nsession:of hunter\\c2\n\n^@"
			var listeners listen.Set
			enter(t, &listeners, "", l)
			enter(t, &listeners, "also", recorder{new(events), ""})
			c := s.dialled(conn.Config{OneConnection: true, Login: "admin", Passcode: "hunter:2"}, &listeners)
			subscribe(t, c, ignore, frame.AckAuto)
			_ = c.Send(t.Context(), "/queue/test", []byte("a test message"))
			s.say(message("m1", "a test message") + "\n\nERROR\nmessage:hunter\\c2 is wrong\n\n^@")
			synctest.Wait()
			_ = c.Disconnect(t.Context())
			synctest.Wait()
			text := out.String()
			if strings.Contains(text, "hunter:2") {
				t.Errorf("the passcode is printed:\n%s", text)
			}
			expectInOrder(t, text, "on_connecting", "stomp://broker:61613", "on_send", "CONNECT", "on_connected", "on_send", "SUBSCRIBE",
				"on_receipt", "on_send", "SEND", "on_before_message", "on_message", "a test message", "on_error", "on_heartbeat",
				"on_disconnecting", "on_send", "DISCONNECT", "on_receipt", "on_receiver_loop_completed", "on_disconnected")
		})
	}
}

// What stomp.py has no name for is printed, too.
func TestPrintingListenerOfOtherEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := newServer(t)
		var listeners listen.Set
		enter(t, &listeners, "", listen.NewPrintingListener(&out))
		enter(t, &listeners, "panicker", panicker{})
		c := s.dialled(conn.Config{OneConnection: true}, &listeners)
		subscribe(t, c, ignore, frame.AckAuto)
		s.say("ERROR\nmessage:cancelled\nsubscription:1\n\n^@")
		time.Sleep(time.Second)
		s.set(func(s *server) { s.refuse = true })
		s.cut()
		time.Sleep(time.Second)
		synctest.Wait()
		expectInOrder(t, out.String(), "on_panic", "ouch", "on_subscription /queue/a: ", "cancelled", "on_subscription /queue/a: renewed", "on_retry in ", "refused by the test")
	})
}
