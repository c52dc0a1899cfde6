package dial_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stompwire/stompwire/conn/internal/dial"
)

func TestDialerKeepAlive(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	serve(t, l, silent)
	type probes struct{ on, idle, interval, count int }
	custom := net.KeepAliveConfig{Enable: true, Idle: 7 * time.Second, Interval: 3 * time.Second, Count: 4}
	for _, c := range []struct {
		name string
		cfg  net.KeepAliveConfig
		off  bool
		want probes
	}{
		{"automatic", net.KeepAliveConfig{}, false, probes{1, 15, 15, 9}},
		{"by hand", custom, false, probes{1, 7, 3, 4}},
		{"off", net.KeepAliveConfig{}, true, probes{}},
		{"off after all", custom, true, probes{}},
	} {
		nc := reached(t, &dial.Options{KeepAlive: c.cfg, NoKeepAlive: c.off}, at(l))
		raw, err := nc.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var got probes
		_ = raw.Control(func(fd uintptr) {
			get := func(level, option int) int {
				v, err := unix.GetsockoptInt(int(fd), level, option)
				if err != nil {
					t.Error(err)
				}
				return v
			}
			if got.on = get(unix.SOL_SOCKET, unix.SO_KEEPALIVE); got.on == 0 {
				return
			}
			got.idle = get(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
			got.interval = get(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL)
			got.count = get(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
		})
		if got != c.want {
			t.Errorf("%s: %+v; want %+v", c.name, got, c.want)
		}
	}
}
