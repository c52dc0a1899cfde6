package foreign

import (
	"net"
	"sync"
	"testing"
)

// tap is a TCP proxy in front of a broker that counts the heart-beats of both sides.
type tap struct {
	ln     net.Listener
	target string
	over   transport
	enough func() // called for each heart-beat once both sides have sent enoughBeats

	mu         sync.Mutex
	fromClient int
	fromBroker int
	conns      []net.Conn
	closed     bool

	done sync.WaitGroup
}

// enoughBeats is more than a client would send by accident.
const enoughBeats = 3

func newTap(t *testing.T, over transport, target string, enough func()) *tap {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{ln: ln, target: target, over: over, enough: enough}
	p.done.Go(p.accept)
	return p
}

func (p *tap) accept() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		broker, err := net.Dial("tcp", p.target)
		if err != nil || !p.keep(client, broker) {
			client.Close()
			continue
		}
		p.done.Go(func() { p.copy(broker, client, &p.fromClient) })
		p.done.Go(func() { p.copy(client, broker, &p.fromBroker) })
	}
}

func (p *tap) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		for _, nc := range conns {
			nc.Close()
		}
		return false
	}
	p.conns = append(p.conns, conns...)
	return true
}

// copy passes bytes on, and ends both directions when one has ended.
func (p *tap) copy(to, from net.Conn, count *int) {
	defer to.Close()
	defer from.Close()
	c := newCounter(p.over)
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.add(count, c.count(buf[:n]))
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *tap) add(count *int, n int) {
	p.mu.Lock()
	*count += n
	tell := n > 0 && p.fromClient >= enoughBeats && p.fromBroker >= enoughBeats
	p.mu.Unlock()
	if tell {
		p.enough()
	}
}

// counts returns how many heart-beats each side has sent.
func (p *tap) counts() (fromClient, fromBroker int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fromClient, p.fromBroker
}

// forget starts counting anew.
func (p *tap) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fromClient, p.fromBroker = 0, 0
}

func (p *tap) port() string {
	_, port, _ := net.SplitHostPort(p.ln.Addr().String())
	return port
}

func (p *tap) close() {
	p.ln.Close()
	p.mu.Lock()
	p.closed = true
	for _, nc := range p.conns {
		nc.Close()
	}
	p.mu.Unlock()
	p.done.Wait()
}
