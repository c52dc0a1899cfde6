package broker_test

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/pool"
)

func TestStartTellsWhere(t *testing.T) {
	b := start(t, broker.Config{})
	if want := "stomp://" + b.Addr().String(); b.URI() != want || !strings.HasPrefix(want, "stomp://127.0.0.1:") {
		t.Errorf("got %q", b.URI())
	}
	if _, err := broker.Start(broker.Config{Addr: b.Addr().String()}); err == nil {
		t.Error("two brokers on one port")
	}
	if _, err := broker.Start(broker.Config{QueueBytes: -1}); err == nil {
		t.Error("a negative bound is accepted")
	}
}

// Close ends everything, whatever goes on, and gives all memory back.
func TestCloseUnderTraffic(t *testing.T) {
	before := pool.InUse()
	b, err := broker.Start(broker.Config{QueueBytes: 1 << 20, ConnectTimeout: patience}) // the last ones connect under the others' traffic
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		c := connect(t, b, versions[i%3])
		c.subscribe("s", fmt.Sprintf("/queue/%d", i%3), []string{"auto", "client"}[i%2])
		wg.Go(func() {
			for {
				if _, err := c.read(); err != nil {
					return
				}
			}
		})
		p := connect(t, b, "1.2")
		wg.Go(func() {
			flood(p.nc, 64<<20, func(j int) string { return fmt.Sprintf("SEND\ndestination:/queue/%d\n\n%d^@", j%5, j) })
		})
	}
	waitFor(t, func() bool { return b.Stats().MessagesOut > 1000 })
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := b.Close(); err != nil {
		t.Error("closed again:", err)
	}
	waitFor(t, func() bool { return pool.InUse() <= before })
	if st := b.Stats(); st.Connections != 0 || st.StoredBytes != 0 || st.Destinations != 0 {
		t.Errorf("%+v after Close", st)
	}
	if err := b.Serve(listen(t, "tcp", "127.0.0.1:0")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve after Close: %v", err)
	}
}

func listen(t *testing.T, network, addr string) net.Listener {
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// One broker serves several listeners, of any kind.
func TestServeUnixSocket(t *testing.T) {
	b, err := broker.New(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "stomp")
	served := make(chan error, 2)
	tcp := listen(t, "tcp", "127.0.0.1:0")
	for _, ln := range []net.Listener{listen(t, "unix", path), tcp} {
		go func() { served <- b.Serve(ln) }()
	}
	waitFor(t, func() bool { return b.Addr() != nil })
	var c *client
	for _, at := range []struct{ network, addr string }{{"tcp", tcp.Addr().String()}, {"unix", path}} { // both serve before the end
		nc, err := net.Dial(at.network, at.addr)
		if err != nil {
			t.Fatal(err)
		}
		c = newClient(t, nc)
		c.connect("1.2")
	}
	c.subscribe("s", "/queue/q", "auto")
	c.send("/queue/q", "over a Unix socket")
	c.expectBody("over a Unix socket")
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

// Publishers and subscribers of all kinds at once: every message arrives exactly
// once, and in the order of its publisher.
func TestManyToManyExactlyOnce(t *testing.T) {
	const publishers, consumers, each = 4, 4, 3000
	b := start(t, broker.Config{QueueBytes: 256 << 10})
	type arrival struct{ from, seq int }
	got := make(chan arrival, 1024)
	for i := range consumers {
		c := connect(t, b, versions[i%3])
		mode := []string{"auto", "client"}[i%2]
		c.subscribe("s", "/queue/q", mode)
		go func() {
			last := map[int]int{}
			for {
				m, err := c.read()
				if err != nil {
					return
				}
				var a arrival
				if _, err := fmt.Sscanf(m.body, "%d %d", &a.from, &a.seq); err != nil || a.seq <= last[a.from] {
					t.Errorf("got %v after %d", m, last[a.from])
				}
				last[a.from] = a.seq
				got <- a
				if mode == "client" {
					_, _ = c.nc.Write(wire(settle("ACK", versions[i%3], m, "")))
				}
			}
		}()
	}
	for p := range publishers {
		c := connect(t, b, versions[p%3])
		go func() {
			for i := range each {
				_, _ = c.nc.Write(wire(fmt.Sprintf("SEND\ndestination:/queue/q\n\n%d %d^@", p, i+1)))
			}
		}()
	}
	seen := map[arrival]bool{}
	for range publishers * each {
		select {
		case a := <-got:
			if seen[a] {
				t.Fatalf("%v arrived twice", a)
			}
			seen[a] = true
		case <-time.After(patience):
			t.Fatalf("%d of %d messages arrived; %+v", len(seen), publishers*each, b.Stats())
		}
	}
}
