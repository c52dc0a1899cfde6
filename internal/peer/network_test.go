package peer_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stompwire/stompwire/internal/peer"
)

func TestNetwork(t *testing.T) {
	for _, tt := range []struct{ ip, want string }{
		{"192.0.2.7", "192.0.2.7"}, {"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"}, {"2001:db8:1:2::", "2001:db8:1:2::"}, {"::1", "::"},
	} {
		if got := peer.Network(&net.TCPAddr{IP: net.ParseIP(tt.ip), Port: 7}); got != netip.MustParseAddr(tt.want) {
			t.Errorf("%s is counted as %v, want %s", tt.ip, got, tt.want)
		}
	}
	if got := peer.Network(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}); got != netip.MustParseAddr("fe80::") {
		t.Errorf("an address with a zone is counted as %v", got)
	}
	for _, addr := range []net.Addr{nil, &net.UnixAddr{Name: "/a"}, (*net.IPAddr)(nil)} {
		if got := peer.Network(addr); got.IsValid() {
			t.Errorf("%v is counted as %v", addr, got)
		}
	}
}
