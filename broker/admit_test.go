package broker_test

import (
	"testing"

	"github.com/stompwire/stompwire/broker"
)

func TestConnectionsPerIP(t *testing.T) {
	b := start(t, broker.Config{MaxConnectionsPerIP: 3})
	first := connect(t, b, "1.2")
	connect(t, b, "1.2")
	connect(t, b, "1.2")
	if f, err := dial(t, b).read(); err == nil {
		t.Errorf("got %v", f)
	}
	if st := b.Stats(); st.Connections != 3 || st.Rejected != 1 {
		t.Errorf("%+v", st)
	}
	first.nc.Close() // which makes place
	waitFor(t, func() bool { return b.Stats().Connections == 2 })
	connect(t, b, "1.2")
}

func TestConnectionsPerUser(t *testing.T) {
	b := start(t, broker.Config{Users: map[string]string{"a": "", "b": ""}, MaxConnectionsPerUser: 2})
	first := login(t, b, "a", "")
	login(t, b, "a", "")
	login(t, b, "b", "")
	c := dial(t, b)
	c.write("CONNECT\naccept-version:1.2\nhost:h\nlogin:a\n\n^@")
	c.expectError("too many connections")
	c.nc.Close()
	first.nc.Close()
	waitFor(t, func() bool { return b.Stats().Connections == 2 })
	login(t, b, "a", "")
}
