package conn_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/engine"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/engine/pump"
)

// net.Dial knows IPv6 literals, with the zone of a link-local one.
func TestDialIPv6(t *testing.T) {
	for _, host := range []string{"::1", linkLocal(t)} {
		if host == "" {
			t.Log("no link-local address here")
			continue
		}
		l := listen(t, "tcp", net.JoinHostPort(host, "0"))
		serve(t, l, accepting)
		a := at(l)
		a.Host = host
		dialled(t, inOrder(a), nil)
		uri := a.String()
		c, err := conn.Dial(t.Context(), uri, nil)
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		_ = c.Close()
	}
}

// linkLocal returns a link-local IPv6 address of this machine with its zone, "" if there is none.
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

// A zone reaches the dialer below as it is, whatever this machine's interfaces are called.
func TestDialerKeepsZone(t *testing.T) {
	uri, asked := "stomp://[fe80::a00:27ff:fe90:3f1a%25en1]:62613", ""
	d, err := conn.ParseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	d.MaxRounds = 1
	d.DialFunc = func(_ context.Context, _, address string) (net.Conn, error) {
		asked = address
		return nil, errors.New("no")
	}
	if _, err := d.Dial(t.Context(), nil); asked != "[fe80::a00:27ff:fe90:3f1a%en1]:62613" || !strings.Contains(err.Error(), uri) {
		t.Errorf("asked for %s, error %v", asked, err)
	}
}

// spy is a driver that shows the connection.
type spy struct {
	under conn.Driver
	nc    net.Conn
}

func (s *spy) Start(l *link.Link) error {
	s.nc = l.NetConn()
	return s.under.Start(l)
}

func TestDialUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	serve(t, listen(t, "unix", path), accepting)
	for _, d := range []*conn.Dialer{
		inOrder(conn.Address{Transport: conn.TransportUnix, Path: path}),
		{LocalAddr: netip.MustParseAddrPort("127.0.0.1:0"), Addresses: []conn.Address{{Transport: conn.TransportUnix, Path: path}}},
	} {
		watch := &spy{under: engine.Own{}} // and not the pump: it is a kernel socket
		dialled(t, d, &conn.Config{Driver: watch})
		if _, ok := watch.nc.(*net.UnixConn); !ok {
			t.Errorf("connected by %T", watch.nc)
		}
	}
	c, err := conn.Dial(t.Context(), "unix:"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestDialerLocalAddr(t *testing.T) {
	b := tiny(t, accepting)
	d := inOrder(at(b))
	d.LocalAddr = netip.MustParseAddrPort("127.0.0.2:0")
	dialled(t, d, nil)
	if from := b.served()[0].(*net.TCPAddr); from.IP.String() != "127.0.0.2" {
		t.Errorf("came from %v", from)
	}
}

// The pump carries what is no kernel socket, whoever dialled it.
func TestDialerDialFunc(t *testing.T) {
	client, broker := net.Pipe()
	d := inOrder(conn.Address{})
	d.DialFunc = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	go accepting(broker)
	watch := &spy{under: pump.Driver{}}
	dialled(t, d, &conn.Config{Driver: watch})
	if watch.nc != client {
		t.Errorf("connected by %T", watch.nc)
	}
}
