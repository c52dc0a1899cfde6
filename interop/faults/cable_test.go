package faults_test

import (
	"net"
	"sync"
	"testing"
)

// cable is a TCP proxy that does what toxiproxy cannot: reset connections that are under way, have what they carry disappear,
// cut one after an exact number of bytes, once, and lead elsewhere.
type cable struct {
	l    net.Listener
	wait sync.WaitGroup

	mu     sync.Mutex
	target string // of new connections
	pairs  map[*pair]bool
	after  [2]int  // cuts the next connection after so many bytes from the client, or to it; -1 never
	mute   [2]bool // what comes from the client, or goes to it, disappears
	cuts   int
}

// pair is one connection through the cable.
type pair struct {
	client, broker *net.TCPConn
}

func startCable(t testing.TB, target string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &cable{l: l, target: target, pairs: map[*pair]bool{}, after: [2]int{-1, -1}}
	w.wait.Go(w.accept)
	t.Cleanup(func() {
		_ = l.Close()
		w.cut()
		w.wait.Wait()
	})
	return w
}

func (w *cable) addr() string { return w.l.Addr().String() }

func (w *cable) place() place { return place{uri: "stomp://" + w.addr()} }

func (w *cable) accept() {
	for {
		client, err := w.l.Accept()
		if err != nil {
			return
		}
		broker, err := net.Dial("tcp", w.leadsTo())
		if err != nil {
			_ = client.Close()
			continue
		}
		p := &pair{client.(*net.TCPConn), broker.(*net.TCPConn)}
		w.mu.Lock()
		w.pairs[p] = true
		after := w.after
		w.after = [2]int{-1, -1}
		w.mu.Unlock()
		w.wait.Go(func() { w.carry(p, 0, p.client, p.broker, after[0]) })
		w.wait.Go(func() { w.carry(p, 1, p.broker, p.client, after[1]) })
	}
}

// lead has new connections go to target.
func (w *cable) lead(target string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target = target
}

// muteWays has what comes from the client, or goes to it, disappear.
func (w *cable) muteWays(fromClient, toClient bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mute = [2]bool{fromClient, toClient}
}

// unmute takes that back, and resets all connections, for something may have disappeared on any.
func (w *cable) unmute() {
	w.muteWays(false, false)
	w.reset()
}

func (w *cable) muted(way int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mute[way]
}

func (w *cable) leadsTo() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.target
}

// carry copies one way, to the end or to the cut.
func (w *cable) carry(p *pair, way int, from, to *net.TCPConn, left int) {
	defer w.end(p, false)
	deaf := false // since some bytes were dropped: the rest could not be parsed
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if deaf = deaf || w.muted(way); deaf {
			continue
		}
		cut := left >= 0 && n >= left
		if cut {
			n = left
		}
		left -= n
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
		if cut {
			w.mu.Lock()
			w.cuts++
			w.mu.Unlock()
			return
		}
	}
}

// end closes both ends of a pair, or resets them.
func (w *cable) end(p *pair, reset bool) {
	for _, nc := range []*net.TCPConn{p.client, p.broker} {
		if reset {
			_ = nc.SetLinger(0)
		}
		_ = nc.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.pairs, p)
}

// cutAfter has the next connection cut after so many bytes from the client, or to it; -1 is never.
func (w *cable) cutAfter(fromClient, toClient int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = [2]int{fromClient, toClient}
}

// cut closes all connections and returns how many; reset does so with RST.
func (w *cable) cut() int   { return w.endAll(false) }
func (w *cable) reset() int { return w.endAll(true) }

func (w *cable) endAll(reset bool) int {
	w.mu.Lock()
	var all []*pair
	for p := range w.pairs {
		all = append(all, p)
	}
	w.cuts += len(all)
	w.mu.Unlock()
	for _, p := range all {
		w.end(p, reset)
	}
	return len(all)
}

// made returns how many cuts there were.
func (w *cable) made() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cuts
}
