package dial

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// loopback is where a local address is tried first.
const loopback = "127.0.0.1"

// withLoopback returns addrs with more addresses in front: for each one that names
// this machine by something other than a loopback address, its twin at 127.0.0.1. An
// address whose port is listed at 127.0.0.1 or localhost already gets no twin. The
// certificate of a twin is checked for the name in the original address.
func withLoopback(addrs []Address) []Address {
	var twins []Address
	for _, a := range addrs {
		if a.Transport == TransportUnix || isLoopback(a.host()) || !isLocal(a.host()) {
			continue
		}
		twin := a
		twin.Host, twin.ServerName = loopback, a.serverName()
		listed := func(b Address) bool {
			return b.Transport == a.Transport && b.port() == a.port() &&
				(b.Host == loopback || strings.EqualFold(b.host(), localhost))
		}
		if !slices.ContainsFunc(addrs, listed) && !slices.ContainsFunc(twins, listed) {
			twins = append(twins, twin)
		}
	}
	return append(twins, addrs...)
}

// isLocal reports whether host is this machine: a loopback address, an address of one
// of its interfaces, or its name. It asks no resolver, because that can take as long
// as connecting does.
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

// isLoopback reports whether dialling host reaches the loopback interface. Package net
// dials it for an unspecified address such as 0.0.0.0, too.
func isLoopback(host string) bool {
	if strings.EqualFold(host, localhost) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.Unmap().IsUnspecified())
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
