package ws

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/stompwire/stompwire/internal/peer"
)

// pending counts the connections that are not WebSockets yet, and closes those beyond
// its bounds.
type pending struct {
	most, mostPerIP int

	mu    sync.Mutex
	all   int
	perIP map[netip.Addr]int
}

// count is told what becomes of a connection: it is an http.Server's ConnState.
func (p *pending) count(nc net.Conn, st http.ConnState) {
	switch st {
	case http.StateNew:
		if !p.add(peer.Network(nc.RemoteAddr())) {
			_ = nc.Close()
		}
	case http.StateHijacked, http.StateClosed:
		p.remove(peer.Network(nc.RemoteAddr()))
	}
}

// add returns false if there are too many. It has counted nonetheless, until remove.
func (p *pending) add(from netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all++
	p.perIP[from]++
	return p.all <= p.most && (!from.IsValid() || p.perIP[from] <= p.mostPerIP)
}

func (p *pending) remove(from netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.perIP[from]--; p.perIP[from] == 0 {
		delete(p.perIP, from)
	}
}
