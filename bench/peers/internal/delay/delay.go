// Package delay is a link with a round trip between two ends on the same machine: a
// proxy that hands on every byte some time after it has come, in either direction, as
// many as come.
//
// Imports: the standard library only.
package delay

import (
	"net"
	"sync"
	"time"
)

// Proxy accepts connections on loopback and hands them on to one address.
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

// What is on its way: so many parts of up to so many bytes, far more than a window of
// messages, so that the delay is all that the proxy adds.
const (
	parts    = 256
	partSize = 64 << 10
)

type part struct {
	b   []byte
	due time.Time
}

// carry hands on what comes from one end to the other.
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
