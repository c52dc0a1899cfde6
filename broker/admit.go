package broker

import (
	"log/slog"
	"net/netip"

	"github.com/stompwire/stompwire/internal/peer"
)

// admit registers s, so that Close closes it. It returns false if a bound does not allow s.
func (b *Broker) admit(s *session) bool {
	addr := b.countedAddr(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	if len(b.sessions) >= b.cfg.MaxConnections || b.perIP[addr] >= b.cfg.MaxConnectionsPerIP {
		b.rejected.Add(1)
		return false
	}
	if addr.IsValid() {
		b.perIP[addr]++
	}
	b.sessions[s] = struct{}{}
	for range b.frozen {
		s.freeze()
	}
	b.done.Add(1)
	return true
}

// countedAddr returns the address under which the connections of a peer are counted, the zero Addr
// if they are not counted.
func (b *Broker) countedAddr(s *session) netip.Addr {
	if b.cfg.MaxConnectionsPerIP >= b.cfg.MaxConnections {
		return netip.Addr{}
	}
	return peer.Network(s.l.RemoteAddr())
}

// admitUser counts a session of its user. It returns false if the user has too many.
func (b *Broker) admitUser(s *session, u *user) bool {
	if u == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if u.connections >= b.cfg.MaxConnectionsPerUser {
		return false
	}
	u.connections++
	s.user, s.rights = u, u.rights
	return true
}

// forget is called when a link has ended.
func (b *Broker) forget(s *session, err error) {
	b.cfg.Logger.Debug("connection ended", slog.Uint64("session", s.number), slog.Any("error", err))
	addr := b.countedAddr(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, s)
	if addr.IsValid() {
		if b.perIP[addr]--; b.perIP[addr] == 0 {
			delete(b.perIP, addr)
		}
	}
	if s.user != nil {
		s.user.connections--
	}
	b.done.Done()
}
