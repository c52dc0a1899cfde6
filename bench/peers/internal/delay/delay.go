// Package delay is a proxy that adds latency between two ends on the same machine: it delays every
// byte by a fixed time in each direction, without limiting the throughput.
//
// Imports: the standard library only.
package delay

import (
	"net"
	"sync"
	"time"
)

// Proxy accepts connections on loopback and forwards them to one address.
type Proxy struct {
	l       net.Listener
	to      string
	oneWay  time.Duration
	wg      sync.WaitGroup
	mu      sync.Mutex
	ends    []net.Conn
	closing bool
}

// Listen starts a proxy to that address that delays each direction by oneWay.
func Listen(to string, oneWay time.Duration) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{l: l, to: to, oneWay: oneWay}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr returns the address to dial.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

func (p *Proxy) accept() {
	for {
		near, err := p.l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			near.Close()
			continue
		}
		if !p.keep(near, far) {
			return
		}
		p.carry(near, far)
		p.carry(far, near)
	}
}

func (p *Proxy) keep(ends ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		for _, nc := range ends {
			nc.Close()
		}
		return false
	}
	p.ends = append(p.ends, ends...)
	return true
}

// Close ends all connections and returns when their goroutines have.
func (p *Proxy) Close() {
	p.l.Close()
	p.mu.Lock()
	p.closing = true
	for _, nc := range p.ends {
		nc.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// The buffer of each direction: far more than a window of messages, so that the proxy adds only the
// delay.
const (
	parts    = 256
	partSize = 64 << 10
)

type part struct {
	b   []byte
	due time.Time
}

// carry forwards the bytes of one end to the other.
func (p *Proxy) carry(from, to net.Conn) {
	onWay, free := make(chan part, parts), make(chan []byte, parts)
	p.wg.Go(func() {
		defer close(onWay)
		for {
			var b []byte
			select {
			case b = <-free:
			default:
				b = make([]byte, partSize)
			}
			n, err := from.Read(b[:partSize])
			if n > 0 {
				onWay <- part{b[:n], time.Now().Add(p.oneWay)}
			}
			if err != nil {
				return
			}
		}
	})
	p.wg.Go(func() {
		defer to.Close()
		defer from.Close()
		broken := false
		for next := range onWay {
			time.Sleep(time.Until(next.due))
			if !broken {
				_, err := to.Write(next.b)
				broken = err != nil
			}
			select {
			case free <- next.b:
			default:
			}
		}
	})
}
