package foreign

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stompwire/stompwire/broker"
	"github.com/stompwire/stompwire/broker/ws"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/testca"
)

// beat is the interval of heart-beats. Our broker bears silence for twice as long, and
// a client that has just to send one may stand still for ten seconds on a slow machine.
const beat = 10 * time.Second

// stage is what a program finds when it starts: a broker of its own behind three
// ports, and a partner.
type stage struct {
	over          transport
	plain, secure string // ports
	ca            string // file
	tap           *tap
}

func newStage(t *testing.T, over transport, version string) *stage {
	t.Helper()
	b, err := broker.Start(broker.Config{
		Users:     map[string]string{"guest": "guest"},
		HeartBeat: frame.HeartBeat{Send: beat, Receive: beat},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s := &stage{over: over}
	s.listen(t, b)
	p := newPartner(t, b.Addr().String(), version)
	s.tap = newTap(t, over, "127.0.0.1:"+s.plain, p.enough)
	t.Cleanup(s.tap.close)
	return s
}

// listen has b listen for the program, with TLS and without.
func (s *stage) listen(t *testing.T, b *broker.Broker) {
	t.Helper()
	authority := testca.New(t)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.ca, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := authority.Server("localhost", "127.0.0.1")
	const addr = "127.0.0.1:0"
	if s.over == webSocket {
		s.plain = portOf(t)(ws.Listen(b, addr, ws.Options{}))
		s.secure = portOf(t)(ws.Listen(b, addr, ws.Options{TLS: cfg}))
		return
	}
	s.plain = portOf(t)(b.URI(), nil)
	s.secure = portOf(t)(b.ListenTLS(addr, cfg))
}

// portOf takes what a call that listens returns.
func portOf(t *testing.T) func(uri string, err error) string {
	return func(uri string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		return u.Port()
	}
}

// environ is what a program is told.
func (s *stage) environ(version, features string) []string {
	return append(os.Environ(),
		"STOMP_HOST=127.0.0.1",
		"STOMP_OVER="+string(s.over),
		"STOMP_PORT="+s.plain,
		"STOMP_TLS_PORT="+s.secure,
		"STOMP_BEAT_PORT="+s.tap.port(),
		"STOMP_BEAT="+strconv.FormatInt(beat.Milliseconds(), 10),
		"STOMP_CA="+s.ca,
		"STOMP_VERSION="+version,
		"STOMP_FEATURES="+features,
	)
}
