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

func newTap(t *testing.T, target string, enough func()) *tap {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{ln: ln, target: target, enough: enough}
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
	var c counter
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

// counter finds the heart-beats in one direction of a connection whose frames have no
// NUL in their bodies: the line ends between frames, but for the first after a frame,
// which many clients write as a part of it.
type counter struct {
	inFrame bool
	skip    int
}

func (c *counter) count(chunk []byte) (n int) {
	for _, b := range chunk {
		switch {
		case c.inFrame:
			c.inFrame = b != 0
			c.skip = 1
		case b == '\r':
		case b != '\n':
			c.inFrame = true
		case c.skip > 0:
			c.skip--
		default:
			n++
		}
	}
	return n
}

func TestCounterTellsHeartBeatsFromFrames(t *testing.T) {
	for wire, want := range map[string]int{
		"":                           0,
		"SEND\na:b\n\nbody\x00":      0,
		"SEND\n\n\x00\n":             0,
		"SEND\n\n\x00\n\n":           1,
		"SEND\n\n\x00\r\n\r\n\r\n":   2,
		"\n\nSEND\n\n\x00\nSEND\n\n": 2,
	} {
		var c counter
		n := 0
		for i := range wire { // byte by byte: it must not matter how it is cut
			n += c.count([]byte{wire[i]})
		}
		if n != want {
			t.Errorf("%q has %d heart-beats, want %d", wire, n, want)
		}
	}
}
