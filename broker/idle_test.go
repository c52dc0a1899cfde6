//go:build linux && !race

package broker_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/frame"
)

// The clients of TestIdleConnections are another process, this binary run again with
// idleEnv set, so that this one is the broker and nothing else. fullEnv asks for more
// of them than the default test has time for.
const (
	idleEnv = "STOMPWIRE_TEST_IDLE_CLIENTS" // address, number, heart-beat in ms
	fullEnv = "STOMPWIRE_TEST_IDLE"         // number of connections, such as 10000
)

// An idle connection, connected, subscribed and with heart-beats both ways, takes at
// most 8 KiB of the broker's process, as the system counts it.
func TestIdleConnections(t *testing.T) {
	n, beat := 1000, 2*time.Second
	if text := os.Getenv(fullEnv); text != "" {
		n, beat = atoi(t, text), 5*time.Second
	}
	n = affordable(t, n)
	b := start(t, broker.Config{HeartBeat: frame.HeartBeat{Send: beat, Receive: beat}})
	connect(t, b, "1.2").nc.Close() // what the first connection starts is not per connection
	waitFor(t, func() bool { return b.Stats().Connections == 0 })
	before := rss(t)
	clients := startIdleClients(t, b, n, beat)
	clients.expect("connected")
	if st := b.Stats(); st.Connections != n || st.Subscriptions != n {
		t.Fatalf("%+v", st)
	}
	fresh := rss(t)
	clients.expect("beaten") // each has had two heart-beats
	after := rss(t)
	if st := b.Stats(); st.Connections != n {
		t.Errorf("%d connections are left", st.Connections)
	}
	each := (int64(after) - int64(before)) / int64(n)
	t.Logf("%d idle connections: %d bytes each, %d before the first heart-beats", n, each, (int64(fresh)-int64(before))/int64(n))
	if each > 8<<10 {
		t.Errorf("%d bytes for each of %d connections, want 8 KiB", each, n)
	}
}

func atoi(t *testing.T, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", fullEnv, text)
	}
	return n
}

// affordable returns how many of n connections there are descriptors for, of which the
// broker needs two each.
func affordable(t *testing.T, n int) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skipf("cannot tell how many descriptors there may be: %v", err)
	}
	need := uint64(2*n + 200)
	for _, raised := range []syscall.Rlimit{{Cur: max(need, limit.Cur), Max: max(need, limit.Max)}, {Cur: limit.Max, Max: limit.Max}} {
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
			break
		}
	}
	if most := (int(min(limit.Cur, 1<<24)) - 100) / 2; n > most {
		t.Logf("%d connections instead of %d: this process may open %d files", most, n, limit.Cur)
		n = most
	}
	if n < 100 {
		t.Skipf("too few descriptors for a measurement: %d", limit.Cur)
	}
	return n
}

// rss returns the resident memory of this process, without what the collector has not
// given back yet.
func rss(t *testing.T) int {
	runtime.GC()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, line, _ := strings.Cut(string(status), "VmRSS:")
	var kb int
	if _, err := fmt.Sscanf(line, "%d kB", &kb); err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// idleClients is the process of the clients.
type idleClients struct {
	t   *testing.T
	out *bufio.Reader
}

func startIdleClients(t *testing.T, b *broker.Broker, n int, beat time.Duration) *idleClients {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestIdleClients$", "-test.v")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", idleEnv, b.Addr(), n, beat.Milliseconds()))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // whose end tells the clients to go, whatever becomes of us
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("clients: %v", err)
		}
	})
	return &idleClients{t, bufio.NewReader(out)}
}

// expect waits until the clients say what.
func (ic *idleClients) expect(what string) {
	ic.t.Helper()
	for {
		line, err := ic.out.ReadString('\n')
		if err != nil {
			ic.t.Fatalf("the clients have ended before they were %s", what)
		}
		if line = strings.TrimSpace(line); line == what {
			return
		}
		if strings.Contains(line, "client:") {
			ic.t.Fatal(line)
		}
	}
}

// TestIdleClients is no test but the other process.
func TestIdleClients(t *testing.T) {
	text := os.Getenv(idleEnv)
	if text == "" {
		t.Skip("the clients of TestIdleConnections")
	}
	var addr string
	var n, beat int
	if _, err := fmt.Sscan(text, &addr, &n, &beat); err != nil {
		t.Fatal(err)
	}
	affordable(t, n)
	const wanted = 2 // heart-beats
	var connected, beaten, dialled atomic.Int64
	conns := make([]net.Conn, n)
	go func() { // from the first connection on: on a busy machine the last one comes much later
		for range time.Tick(time.Duration(beat) * time.Millisecond / 2) {
			for _, nc := range conns[:dialled.Load()] {
				_, _ = nc.Write([]byte("\n"))
			}
		}
	}()
	for i := range conns {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			fmt.Println("client:", err)
			return
		}
		conns[i] = nc
		// More often than it says: if this process stands still, the broker has patience.
		fmt.Fprintf(nc, "CONNECT\naccept-version:1.2\nhost:h\nheart-beat:%d,%d\n\n\x00SUBSCRIBE\nid:1\ndestination:/topic/idle\nreceipt:r\n\n\x00", patience.Milliseconds(), beat)
		dialled.Add(1)
		go readIdle(nc, wanted, &connected, &beaten)
	}
	go func() {
		for connected.Load() < int64(n) {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("\nconnected")
		for beaten.Load() < int64(n) {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("\nbeaten")
	}()
	_, _ = io.Copy(io.Discard, os.Stdin) // until our parent has ended
	os.Exit(0)                           // goroutines of a process that is no test are no leak
}

// readIdle counts what the broker says: two frames, then heart-beats.
func readIdle(nc net.Conn, wanted int, connected, beaten *atomic.Int64) {
	nuls, beats := 0, 0
	buf := make([]byte, 256)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			if beats < wanted {
				fmt.Println("\nclient:", err)
			}
			return
		}
		for _, c := range buf[:n] {
			switch {
			case c == 0:
				if nuls++; nuls == 2 {
					connected.Add(1)
				}
			case c == '\n' && nuls >= 2:
				if beats++; beats == wanted {
					beaten.Add(1)
				}
			}
		}
	}
}
