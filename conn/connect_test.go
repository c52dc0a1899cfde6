package conn_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

func TestConnectFrame(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  conn.Config
		wire string
	}{
		{"defaults", conn.Config{},
			"CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\nheart-beat:10000,10000\n\n^@"},
		{"everything", conn.Config{
			Login: "me", Passcode: "secret", Host: "vhost",
			Versions:  frame.VersionsOf(frame.Version12, frame.Version11),
			HeartBeat: frame.HeartBeat{Send: 1500 * time.Millisecond, Receive: time.Second},
			Headers:   []frame.Field{{Name: "x-own", Value: "h1"}}, ClientID: "c1",
		}, "CONNECT\naccept-version:1.1,1.2\nhost:vhost\nlogin:me\npasscode:secret\nheart-beat:1500,1000\nclient-id:c1\nx-own:h1\n\n^@"},
		{"STOMP", conn.Config{UseStomp: true, Versions: frame.VersionsOf(frame.Version12)},
			"STOMP\naccept-version:1.2\nhost:/\nheart-beat:10000,10000\n\n^@"},
		{"no heart-beats", conn.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: -1}},
			"CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\n\n^@"},
		{"heart-beats one way", conn.Config{HeartBeat: frame.HeartBeat{Send: -1, Receive: time.Second}},
			"CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\nheart-beat:0,1000\n\n^@"},
		// "All frames except the CONNECT and CONNECTED frames" escape (STOMP 1.2, Value Encoding).
		{"nothing is escaped", conn.Config{Login: `a:b\c`, Passcode: `\n:`},
			"CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\nlogin:a:b\\c\npasscode:\\n:\nheart-beat:10000,10000\n\n^@"},
	} {
		t.Run(c.name, func(t *testing.T) {
			overEach(t, func(t *testing.T, tr transport) {
				b, result := open(t, tr, c.cfg)
				b.expect(c.wire)
				b.write("CONNECTED\nversion:1.2\n\n^@")
				got := <-result
				if got.err != nil {
					t.Fatal(got.err)
				}
				_ = got.c.Close()
				b.expectEnd()
			})
		})
	}
}

func TestConnectedSaysWithWhom(t *testing.T) {
	for _, c := range []struct {
		wire            string
		version         frame.Version
		server, session string
	}{
		{"CONNECTED\nversion:1.2\nserver:Fake/1\nsession:s1\n\n^@", frame.Version12, "Fake/1", "s1"},
		{"CONNECTED\r\nversion:1.1\r\n\r\n^@", frame.Version11, "", ""},
		// Servers may add headers to any frame.
		{"CONNECTED\nx-of-its-own:1\nversion:1.2\nversion:1.1\nx:\n\n^@", frame.Version12, "", ""},
		// A backslash in CONNECTED stands for itself.
		{"CONNECTED\nversion:1.2\nserver:a\\cb\n\n^@", frame.Version12, `a\cb`, ""},
		// "CONNECTED without version" is how a server of 1.0 answers.
		{"CONNECTED\nsession:s1\n\n^@", frame.Version10, "", "s1"},
		{"\n\nCONNECTED\nversion:1.0\n\n^@\n", frame.Version10, "", ""},
	} {
		b, result := open(t, overPipe, conn.Config{})
		b.read()
		b.write(c.wire)
		got := <-result
		if got.err != nil {
			t.Fatalf("%q: %v", c.wire, got.err)
		}
		all := got.c.Sessions()
		if len(all) != 1 {
			t.Fatalf("%q: %d sessions", c.wire, len(all))
		}
		if s := all[0]; s.Version != c.version || s.Headers.Get("server") != c.server || s.Headers.Get("session") != c.session ||
			s.Name != "shared" || s.Addr != "stomp://"+brokerURI {
			t.Errorf("%q: %+v", c.wire, s)
		}
		_ = got.c.Close()
	}
}

func TestConnectRefused(t *testing.T) {
	offer11 := conn.Config{Versions: frame.VersionsOf(frame.Version11)}
	for _, c := range []struct {
		name, wire string
		cfg        conn.Config
		is         error
		says       string
	}{
		{"version not offered", "CONNECTED\nversion:1.2\n\n^@", offer11, frame.ErrProtocol, `"1.2"`},
		{"version not known", "CONNECTED\nversion:2.0\n\n^@", conn.Config{}, frame.ErrProtocol, `"2.0"`},
		{"1.0 by omission, not offered", "CONNECTED\n\n^@", offer11, frame.ErrProtocol, "1.1"},
		{"heart-beat malformed", "CONNECTED\nversion:1.2\nheart-beat:1\n\n^@", conn.Config{}, frame.ErrBadHeartBeat, "heart-beat"},
		{"not CONNECTED", "RECEIPT\nreceipt-id:1\n\n^@", conn.Config{}, frame.ErrProtocol, "RECEIPT"},
		{"not STOMP", "HTTP/1.1 400 Bad Request\n\n^@", conn.Config{}, frame.ErrBadCommand, "offset 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			overEach(t, func(t *testing.T, tr transport) {
				b, result := open(t, tr, c.cfg)
				b.read()
				b.write(c.wire)
				got := <-result
				if !errors.Is(got.err, net.ErrClosed) || !errors.Is(got.err, c.is) || !strings.Contains(got.err.Error(), c.says) ||
					!strings.Contains(got.err.Error(), brokerURI) {
					t.Errorf("error %v; want one that Is %v and says %s and where", got.err, c.is, c.says)
				}
				b.expectEnd()
			})
		})
	}
}

func TestConnectRefusedByTheBroker(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		b, result := open(t, tr, conn.Config{Passcode: "hunter2"})
		b.read()
		b.write("ERROR\nmessage:Bad CONNECT\ncontent-length:29\n\nAccess refused for 'hunter2'\n^@")
		got := <-result
		var refusal *conn.ServerError
		if !errors.As(got.err, &refusal) || refusal.Message != "Bad CONNECT" || string(refusal.Body) != "Access refused for '***'\n" {
			t.Fatalf("error %v", got.err)
		}
		b.expectEnd()
	})
}

func TestConnectEndsEarly(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		b, result := open(t, tr, conn.Config{})
		b.read()
		_ = b.nc.Close()
		got := <-result
		if !errors.Is(got.err, io.EOF) && !errors.Is(got.err, syscall.ECONNRESET) || !errors.Is(got.err, net.ErrClosed) {
			t.Errorf("error %v; want EOF", got.err)
		}
	})
}

type noAddr struct{ net.Conn }

func (noAddr) RemoteAddr() net.Addr { return nil }

// A socket that was reset has no remote address, and some wrappers have none either.
func TestDialWithoutRemoteAddress(t *testing.T) {
	ours, peer := net.Pipe()
	_ = peer.Close()
	if _, err := conn.Dial(t.Context(), brokerURI, single(conn.Config{}, noAddr{ours})); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}

// A client goes through a whole session, over each driver and over any connection that it is given.
func TestExchange(t *testing.T) {
	overEach(t, func(t *testing.T, tr transport) {
		client, broker := tr.join(t)
		go echoing(broker)
		cfg := conn.Config{Driver: tr.driver}
		c, err := conn.Dial(t.Context(), brokerURI, single(cfg, client))
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, c)
	})
}
