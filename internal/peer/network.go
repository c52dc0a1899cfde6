// Package peer tells under which address the connections of a peer are counted, for
// the bounds of the broker and of its WebSocket listeners.
//
// Imports: the standard library.
package peer

import (
	"net"
	"net/netip"
)

// Network returns the address of a TCP peer, or its network of 64 bits if it is one of
// IPv6, for whoever has one of those has them all. It is the zero Addr of anything else.
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
