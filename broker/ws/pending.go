package ws

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/stompwire/stompwire/internal/peer"
)

// pending counts the connections that are not WebSockets yet, and closes those beyond its bounds.
type pending struct {
	most, mostPerIP int

	mu      sync.Mutex
	all     int
	perIP   map[netip.Addr]int
	refused map[net.Conn]struct{} // closed and not counted; kept until the server notices
}

func newPending(most, mostPerIP int) pending {
	return pending{most: most, mostPerIP: mostPerIP, perIP: make(map[netip.Addr]int), refused: make(map[net.Conn]struct{})}
}

// count is an http.Server's ConnState: it is called when the state of a connection changes.
func (p *pending) count(nc net.Conn, st http.ConnState) {
	switch st {
	case http.StateNew:
		if !p.add(nc) {
			_ = nc.Close()
		}
	case http.StateHijacked, http.StateClosed:
		p.remove(nc)
	}
}

// add returns false if there are too many.
func (p *pending) add(nc net.Conn) bool {
	from := peer.Network(nc.RemoteAddr())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= p.most || from.IsValid() && p.perIP[from] >= p.mostPerIP {
		p.refused[nc] = struct{}{}
		return false
	}
	p.all++
	p.perIP[from]++
	return true
}

func (p *pending) remove(nc net.Conn) {
	from := peer.Network(nc.RemoteAddr())
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.refused[nc]; ok {
		delete(p.refused, nc)
		return
	}
	p.all--
	if p.perIP[from]--; p.perIP[from] == 0 {
		delete(p.perIP, from)
	}
}
