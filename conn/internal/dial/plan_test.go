package dial_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn/internal/dial"
)

// own returns the name of this machine and one of its addresses that is no loopback address.
func own(t *testing.T) (name, ip string) {
	t.Helper()
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

func hosts(hosts ...string) (addrs []dial.Address) {
	for _, h := range hosts {
		addrs = append(addrs, dial.Address{Host: h, Port: 7})
	}
	return addrs
}

// round returns the targets of p in their order, without what is the same everywhere.
func round(t *testing.T, p *dial.Plan) string {
	t.Helper()
	targets, err := p.Targets()
	if err != nil {
		t.Fatal(err)
	}
	p.Order(targets, rand.Shuffle)
	return names(targets)
}

func names(targets []dial.Target) string {
	var all []string
	for _, target := range targets {
		all = append(all, strings.TrimPrefix(target.Name, "stomp://"))
	}
	return strings.Join(all, " ")
}

func TestDialerZeroValue(t *testing.T) {
	if got := round(t, &dial.Plan{}); got != "localhost:61613" {
		t.Error(got)
	}
}

func TestDialerOrder(t *testing.T) {
	name, ip := own(t)
	for _, c := range []struct {
		name  string
		addrs []dial.Address
		keep  bool // KeepOrder
		plain bool // NoLoopback
		want  string
	}{
		{"as listed", hosts("b", "a"), false, false, "b:7 a:7"},
		{"localhost first", hosts("b", "localhost", "a"), false, false, "localhost:7 b:7 a:7"},
		{"loopback first", hosts("b", "127.0.0.1", "a", "::1", "127.8.8.8"), false, false, "127.0.0.1:7 [::1]:7 127.8.8.8:7 b:7 a:7"},
		{"unspecified is loopback", hosts("b", "0.0.0.0", "::"), false, false, "0.0.0.0:7 [::]:7 b:7"},
		{"turned off", hosts("b", "localhost", "::1"), true, false, "b:7 localhost:7 [::1]:7"},
		{"Unix first", []dial.Address{{Host: "b", Port: 7}, {Transport: dial.TransportUnix, Path: "/s"}}, false, false, "unix:/s b:7"},
		{"own name", hosts("b", name), false, false, "127.0.0.1:7 NAME:7 b:7"},
		{"own name in capitals", hosts("b", strings.ToUpper(name)), false, true, "UPPER:7 b:7"},
		{"own address", hosts("b", ip), false, false, "127.0.0.1:7 IP:7 b:7"},
		{"loopback in front even so", hosts("b", name), true, false, "127.0.0.1:7 b:7 NAME:7"},
		{"no loopback", hosts("b", name), false, true, "NAME:7 b:7"},
		{"neither", hosts("b", name), true, true, "b:7 NAME:7"},
		{"once per port", hosts(name, ip), false, false, "127.0.0.1:7 NAME:7 IP:7"},
		{"127.0.0.1 is listed", hosts("b", name, "127.0.0.1"), false, false, "NAME:7 127.0.0.1:7 b:7"},
		{"localhost is listed", hosts("b", name, "LocalHost"), false, false, "NAME:7 LocalHost:7 b:7"},
		{"localhost is listed at another port", append(hosts(name), dial.Address{}), false, false, "127.0.0.1:7 NAME:7 localhost:61613"},
	} {
		want := strings.NewReplacer("NAME", name, "UPPER", strings.ToUpper(name), "IP", ip).Replace(c.want)
		if got := round(t, &dial.Plan{Addresses: c.addrs, KeepOrder: c.keep, NoLoopback: c.plain}); got != want {
			t.Errorf("%s: %s; want %s", c.name, got, want)
		}
	}
}

// The address at 127.0.0.1 has all settings of the one that it stands for, and its
// certificate is checked for the original name.
func TestLoopbackKeepsSettings(t *testing.T) {
	name, _ := own(t)
	a := dial.Address{Transport: dial.TransportTLS, Host: name, Login: "me", Passcode: "x", VHost: "v"}
	targets, err := (&dial.Plan{Addresses: []dial.Address{a}}).Targets()
	want := a
	want.Host, want.ServerName = "127.0.0.1", name
	if err != nil || len(targets) != 2 || targets[0].Address != want || targets[1].Address != a || !targets[0].Local || !targets[1].Local {
		t.Errorf("%v, %v", targets, err)
	}
}

// A shuffled round has every address once, rounds differ, and the same random numbers
// give the same rounds.
func TestDialerRandomize(t *testing.T) {
	p := dial.Plan{Randomize: true, Addresses: append(hosts("h0", "h1", "h2", "h3", "h4", "h5"), dial.Address{Host: "localhost"})}
	rounds := func() (all []string) {
		targets, err := p.Targets()
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			p.Order(targets, random.Shuffle)
			all = append(all, names(targets))
		}
		return all
	}
	all := rounds()
	for _, round := range all {
		if !strings.HasPrefix(round, "localhost:61613 ") {
			t.Errorf("round %q does not start with the local address", round)
		}
		if sorted := slices.Sorted(strings.SplitSeq(round, " ")); len(slices.Compact(sorted)) != 7 {
			t.Errorf("round %q does not have each address once", round)
		}
	}
	if slices.Equal(slices.Repeat(all[:1], 20), all) {
		t.Errorf("all rounds are %q", all[0])
	}
	if !slices.Equal(rounds(), all) {
		t.Error("the same random numbers give other rounds")
	}
	if p.Addresses[0].Host != "h0" {
		t.Error("the plan itself was changed")
	}
}

// Without Randomize no random number is drawn.
func TestOrderIsStable(t *testing.T) {
	p := dial.Plan{Addresses: hosts("a", "b", "c")}
	targets, err := p.Targets()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		p.Order(targets, func(int, func(i, j int)) { t.Error("shuffled") })
		if got := names(targets); got != "a:7 b:7 c:7" {
			t.Errorf("round %d: %s", i, got)
		}
	}
}

func ExampleParse() {
	p, err := dial.Parse("failover:(stomp://guest:guest@primary:61613,ssl://guest:guest@standby)?randomize=false&maxReconnectAttempts=5")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range p.Addresses {
		fmt.Println(a)
	}
	fmt.Println(p.Rounds, "rounds")
	// Output:
	// stomp://guest:***@primary:61613
	// stomps://guest:***@standby:61614
	// 5 rounds
}
