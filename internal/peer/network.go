// Package peer returns the address under which the connections of a peer are counted, for the
// bounds of the broker and of its WebSocket listeners.
//
// Imports: the standard library.
package peer

import (
	"net"
	"net/netip"
)

// Network returns the address of a TCP peer. For IPv6 it is the /64 network, because a peer with
// one address usually has the whole network. It is the zero Addr for anything else.
func Network(addr net.Addr) netip.Addr {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	if a.Is6() {
		network, _ := a.Prefix(64)
		return network.Addr()
	}
	return a
}
