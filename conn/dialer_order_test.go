package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn"
)

// asked returns where d dials in each of its rounds.
func asked(t *testing.T, d *conn.Dialer) []string {
	t.Helper()
	var all []string
	d.DialFunc = func(_ context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			address = "unix:" + address
		}
		all = append(all, address)
		return nil, errors.New("no")
	}
	d.Backoff.Initial = -1
	if _, err := d.Dial(t.Context(), nil); err == nil {
		t.Fatal("no error")
	}
	return all
}

// own returns the name of this machine and one of its addresses that is no loopback address.
func own(t *testing.T) (name, ip string) {
	name, err := os.Hostname()
	if err != nil || strings.Contains(name, "localhost") {
		t.Skip("this machine has no name")
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return name, n.IP.String()
		}
	}
	t.Skip("this machine has no address")
	return "", ""
}

func TestDialerOrder(t *testing.T) {
	name, ip := own(t)
	hosts := func(hosts ...string) (addrs []conn.Address) {
		for _, h := range hosts {
			addrs = append(addrs, conn.Address{Host: h, Port: 7})
		}
		return addrs
	}
	for _, c := range []struct {
		name  string
		addrs []conn.Address
		keep  bool // KeepOrder
		plain bool // NoLoopback
		want  string
	}{
		{"as listed", hosts("b", "a"), false, false, "b:7 a:7"},
		{"localhost first", hosts("b", "localhost", "a"), false, false, "localhost:7 b:7 a:7"},
		{"loopback first", hosts("b", "127.0.0.1", "a", "::1", "127.8.8.8"), false, false, "127.0.0.1:7 [::1]:7 127.8.8.8:7 b:7 a:7"},
		{"switched off", hosts("b", "localhost", "::1"), true, false, "b:7 localhost:7 [::1]:7"},
		{"Unix first", []conn.Address{{Host: "b", Port: 7}, {Transport: conn.TransportUnix, Path: "/s"}}, false, false, "unix:/s b:7"},
		{"own name", hosts("b", name), false, false, "127.0.0.1:7 NAME:7 b:7"},
		{"own name in capitals", hosts("b", strings.ToUpper(name)), false, true, "UPPER:7 b:7"},
		{"own address", hosts("b", ip), false, false, "127.0.0.1:7 IP:7 b:7"},
		{"loopback in front even so", hosts("b", name), true, false, "127.0.0.1:7 b:7 NAME:7"},
		{"no loopback", hosts("b", name), false, true, "NAME:7 b:7"},
		{"neither", hosts("b", name), true, true, "b:7 NAME:7"},
		{"once per port", hosts(name, ip), false, false, "127.0.0.1:7 NAME:7 IP:7"},
		{"127.0.0.1 is listed", hosts("b", name, "127.0.0.1"), false, false, "NAME:7 127.0.0.1:7 b:7"},
		{"localhost is listed", hosts("b", name, "localhost"), false, false, "NAME:7 localhost:7 b:7"},
		{"localhost is listed at another port", append(hosts(name), conn.Address{}), false, false, "127.0.0.1:7 NAME:7 localhost:61613"},
	} {
		want := strings.NewReplacer("NAME", name, "UPPER", strings.ToUpper(name), "IP", ip).Replace(c.want)
		d := conn.Dialer{Addresses: c.addrs, KeepOrder: c.keep, NoLoopback: c.plain, MaxRounds: 1}
		if got := strings.Join(asked(t, &d), " "); got != want {
			t.Errorf("%s: %s; want %s", c.name, got, want)
		}
	}
}

func TestDialerRounds(t *testing.T) {
	for _, c := range []struct{ rounds, want int }{{0, 3}, {1, 1}, {5, 5}} {
		d := conn.Dialer{Addresses: []conn.Address{{Host: "a"}, {Host: "b"}}, MaxRounds: c.rounds}
		if got := len(asked(t, &d)); got != 2*c.want {
			t.Errorf("MaxRounds %d: %d attempts at two addresses", c.rounds, got)
		}
	}
}

// A shuffled round has every address once, and rounds differ.
func TestDialerRandomize(t *testing.T) {
	d := conn.Dialer{Randomize: true, MaxRounds: 20}
	for i := range 6 {
		d.Addresses = append(d.Addresses, conn.Address{Host: fmt.Sprintf("h%d", i)})
	}
	d.Addresses = append(d.Addresses, conn.Address{Host: "localhost"})
	all := asked(t, &d)
	rounds := slices.Collect(slices.Chunk(all, 7))
	differ := false
	for _, round := range rounds {
		differ = differ || !slices.Equal(round, rounds[0])
		if round[0] != "localhost:61613" {
			t.Errorf("round %q does not begin with the local address", round)
		}
		if sorted := slices.Sorted(slices.Values(round)); len(slices.Compact(sorted)) != 7 {
			t.Errorf("round %q does not have each address once", round)
		}
	}
	if len(rounds) != 20 || !differ {
		t.Errorf("%d rounds, all the same: %q", len(rounds), rounds[0])
	}
	if d.Addresses[0].Host != "h0" {
		t.Error("the dialer itself was changed")
	}
}
