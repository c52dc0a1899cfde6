package conn

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// loopbackHost is what a local address is tried at first.
const loopbackHost = "127.0.0.1"

// withLoopback returns addrs with, in front, one at 127.0.0.1 for each that names
// this machine in another way, unless its port there is listed already. The
// certificate still has to be the one of the name.
func withLoopback(addrs []Address) []Address {
	var twins []Address
	for _, a := range addrs {
		if a.Transport == TransportUnix || isLoopback(a.host()) || !isLocal(a.host()) {
			continue
		}
		twin := a
		twin.Host, twin.ServerName = loopbackHost, a.serverName()
		listed := func(b Address) bool {
			return b.Transport == a.Transport && b.port() == a.port() && (b.Host == loopbackHost || b.host() == defaultHostName)
		}
		if !slices.ContainsFunc(addrs, listed) && !slices.ContainsFunc(twins, listed) {
			twins = append(twins, twin)
		}
	}
	return append(twins, addrs...)
}

// localFirst sorts local addresses to the front and keeps the order otherwise.
func localFirst(targets []*target) {
	rank := func(t *target) int {
		if t.local {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(targets, func(a, b *target) int { return rank(a) - rank(b) })
}

func shuffle(targets []*target) {
	rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
}

// isLocal reports whether host is this machine: a loopback address, an address of
// one of its interfaces, or its name. No resolver is asked, for that could take
// as long as connecting does.
func isLocal(host string) bool {
	if isLoopback(host) {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ofInterface(ip)
	}
	name, err := os.Hostname()
	return err == nil && name != "" && strings.EqualFold(strings.TrimSuffix(host, "."), name)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, defaultHostName) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func ofInterface(ip netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		prefix, ok := a.(*net.IPNet)
		if !ok {
			return false
		}
		own, ok := netip.AddrFromSlice(prefix.IP)
		return ok && own.Unmap() == ip
	})
}
