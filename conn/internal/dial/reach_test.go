package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/conn/internal/dial"
	"github.com/stompwire/stompwire/frame"
)

// Package net dials IPv6 literals, with the zone of a link-local one.
func TestDialIPv6(t *testing.T) {
	for _, host := range []string{"::1", linkLocal(t)} {
		if host == "" {
			t.Log("no link-local address here")
			continue
		}
		l := listen(t, "tcp", net.JoinHostPort(host, "0"))
		serve(t, l, silent)
		a := at(l)
		a.Host = host
		reached(t, nil, a)
		again, err := dial.ParseAddress(a.String())
		if err != nil {
			t.Fatal(err)
		}
		reached(t, nil, again)
	}
}

// linkLocal returns a link-local IPv6 address of this machine with its zone; "" if there is none.
func linkLocal(t *testing.T) string {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() == nil && ip.IP.IsLinkLocalUnicast() {
				return ip.IP.String() + "%" + i.Name
			}
		}
	}
	return ""
}

// A zone reaches the dial function as it is, whatever the interfaces of this machine are called.
func TestDialerKeepsZone(t *testing.T) {
	for _, uri := range []string{"stomp://[fe80::a00:27ff:fe90:3f1a%25en1]:62613", "[fe80::a00:27ff:fe90:3f1a%en1]:62613"} {
		a, err := dial.ParseAddress(uri)
		if err != nil {
			t.Fatal(err)
		}
		asked := ""
		o := dial.Options{DialFunc: func(_ context.Context, network, address string) (net.Conn, error) {
			asked = network + " " + address
			return nil, errors.New("no")
		}}
		if _, err := o.Reach(t.Context(), a, 0); err == nil || asked != "tcp [fe80::a00:27ff:fe90:3f1a%en1]:62613" {
			t.Errorf("asked for %s, error %v", asked, err)
		}
		if a.String() != "stomp://[fe80::a00:27ff:fe90:3f1a%25en1]:62613" {
			t.Error(a)
		}
	}
}

func TestDialUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	serve(t, listen(t, "unix", path), silent)
	for _, o := range []*dial.Options{nil, {LocalAddr: netip.MustParseAddrPort("127.0.0.1:0")}} {
		a, err := dial.ParseAddress("unix:" + path)
		if err != nil {
			t.Fatal(err)
		}
		if nc, ok := reached(t, o, a).(*net.UnixConn); !ok {
			t.Errorf("connected by %T", nc)
		}
	}
}

func TestDialerLocalAddr(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	serve(t, l, silent)
	o := dial.Options{LocalAddr: netip.MustParseAddrPort("127.0.0.2:0")}
	if from := reached(t, &o, at(l)).LocalAddr().(*net.TCPAddr); from.IP.String() != "127.0.0.2" {
		t.Errorf("came from %v", from)
	}
}

func TestDialerDialFunc(t *testing.T) {
	client, broker := net.Pipe()
	defer broker.Close()
	o := dial.Options{
		DialFunc: func(context.Context, string, string) (net.Conn, error) { return client, nil },
		Under:    func(nc net.Conn) net.Conn { t.Error("there is no layer above the socket"); return nc },
	}
	if nc := reached(t, &o, dial.Address{}); nc != client {
		t.Errorf("connected by %T", nc)
	}
}

// A function of the user that returns nothing at all is an error and no panic.
func TestNoConnectionIsAnError(t *testing.T) {
	client, broker := net.Pipe()
	defer broker.Close()
	none := dial.Options{DialFunc: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}
	noSocket := dial.Options{
		DialFunc:  func(context.Context, string, string) (net.Conn, error) { return client, nil },
		WebSocket: func(context.Context, net.Conn, string, []string) (net.Conn, error) { return nil, nil },
	}
	for _, o := range []*dial.Options{&none, &noSocket} {
		if nc, err := o.Reach(t.Context(), dial.Address{Transport: dial.TransportWS}, 0); err == nil || nc != nil {
			t.Errorf("%v, %v", nc, err)
		}
	}
	if _, err := broker.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is not closed")
	}
}

// pipes returns options whose connections lead to play.
func pipes(play func(net.Conn)) dial.Options {
	return dial.Options{DialFunc: func(context.Context, string, string) (net.Conn, error) {
		client, broker := net.Pipe()
		go func() {
			play(broker)
			_ = broker.Close()
		}()
		return client, nil
	}}
}

// unanswered is a dial function to a host that answers nothing.
func unanswered(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Each layer ends when TransportTimeout has passed or the context ends, and the error
// says which.
func TestReachTimesOut(t *testing.T) {
	hang := func(ctx context.Context, nc net.Conn, _ string, _ []string) (net.Conn, error) {
		<-ctx.Done()
		_ = nc.Close()
		return nil, errors.New("i/o timeout")
	}
	for name, c := range map[string]struct {
		transport dial.Transport
		o         dial.Options
	}{
		"TCP":       {dial.TransportTCP, dial.Options{DialFunc: unanswered}},
		"TLS":       {dial.TransportTLS, pipes(silent)},
		"WebSocket": {dial.TransportWS, pipes(silent)},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.o.WebSocket = hang
			a := dial.Address{Transport: c.transport, Host: "h"}
			start := time.Now()

			c.o.TransportTimeout = 3 * time.Second
			_, err := c.o.Reach(t.Context(), a, 0)
			if time.Since(start) != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no connection within 3s") {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}

			ctx, cancel := context.WithCancelCause(t.Context())
			why := errors.New("the client is closed")
			time.AfterFunc(time.Second, func() { cancel(why) })
			start = time.Now()
			if _, err := c.o.Reach(ctx, a, 0); time.Since(start) != time.Second || !errors.Is(err, why) {
				t.Errorf("%s, cancelled: %v after %v", name, err, time.Since(start))
			}
			synctest.Wait()
		})
	}
}

// The time limit ends with the last handshake: the connection outlives it.
func TestTransportTimeoutEndsWithTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := pipes(func(nc net.Conn) {
			time.Sleep(time.Hour)
			_, _ = nc.Write([]byte("late"))
		})
		o.TransportTimeout = time.Second
		nc, err := o.Reach(t.Context(), dial.Address{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if n, err := nc.Read(make([]byte, 10)); n != 4 || err != nil {
			t.Errorf("%d octets, %v", n, err)
		}
	})
}

func TestWebSocketNeedsAFunction(t *testing.T) {
	o := dial.Options{DialFunc: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled all the same")
		return nil, errors.New("no")
	}}
	p, err := dial.Parse("failover:(stomp://a,wss://b)")
	if err != nil {
		t.Fatal(err)
	}
	targets, err := p.Targets()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Check(targets); err != dial.ErrNoWebSocket {
		t.Errorf("error %v", err)
	}
	if err := (*dial.Options)(nil).Check(targets[:1]); err != nil {
		t.Errorf("without WebSocket: %v", err)
	}
	if _, err := o.Reach(t.Context(), targets[1].Address, 0); !errors.Is(err, dial.ErrNoWebSocket) {
		t.Errorf("error %v", err)
	}
}

// The WebSocket function gets a URL without credentials, and what is below it has gone
// through Under.
func TestWebSocketRequest(t *testing.T) {
	client, broker := net.Pipe()
	defer client.Close()
	defer broker.Close()
	type wrapped struct{ net.Conn }
	for _, c := range []struct {
		uri, want string
		versions  frame.Versions
		protocols string
	}{
		{"ws://me:hunter3@b:15674/ws?token=a%20b", "ws://b:15674/ws?token=a%20b", frame.AllVersions, "v12.stomp v11.stomp v10.stomp"},
		{"ws://[fe80::1%25en1]", "ws://[fe80::1%25en1]:80/", frame.VersionsOf(frame.Version11), "v11.stomp"},
	} {
		a, err := dial.ParseAddress(c.uri)
		if err != nil {
			t.Fatal(err)
		}
		o := dial.Options{
			DialFunc: func(context.Context, string, string) (net.Conn, error) { return client, nil },
			Under:    func(nc net.Conn) net.Conn { return wrapped{nc} },
			WebSocket: func(_ context.Context, nc net.Conn, url string, subprotocols []string) (net.Conn, error) {
				if url != c.want || strings.Join(subprotocols, " ") != c.protocols || nc != (wrapped{client}) {
					t.Errorf("%s: %s %q over a %T", c.uri, url, subprotocols, nc)
				}
				return nc, nil
			},
		}
		if _, err := o.Reach(t.Context(), a, c.versions); err != nil {
			t.Error(err)
		}
	}
}
