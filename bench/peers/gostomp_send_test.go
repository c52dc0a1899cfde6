package peers

import (
	"testing"

	"github.com/go-stomp/stomp/v3"
)

// silence is a logger that says nothing.
type silence struct{}

func (silence) Debugf(string, ...any)   {}
func (silence) Infof(string, ...any)    {}
func (silence) Warningf(string, ...any) {}
func (silence) Errorf(string, ...any)   {}
func (silence) Debug(string)            {}
func (silence) Info(string)             {}
func (silence) Warning(string)          {}
func (silence) Error(string)            {}

// dialGoStomp connects and, at the end, closes without DISCONNECT: a sink does not
// answer that.
func dialGoStomp(tb testing.TB, addr string) *stomp.Conn {
	tb.Helper()
	conn, err := stomp.Dial("tcp", addr,
		stomp.ConnOpt.AcceptVersion(stomp.V12),
		stomp.ConnOpt.HeartBeat(0, 0),
		stomp.ConnOpt.Logger(silence{}),
	)
	must(tb, err)
	tb.Cleanup(func() { must(tb, conn.MustDisconnect()) })
	return conn
}

func goStompSender(tb testing.TB, addr string) sender {
	conn := dialGoStomp(tb, addr)
	return sender{
		send:  func(body []byte) error { return conn.Send(destination, contentType, body) },
		flush: noFlush,
	}
}

// goStompConfirmed: Send returns when the receipt with its id is there.
func goStompConfirmed(tb testing.TB, addr string) confirmed {
	conn := dialGoStomp(tb, addr)
	n := int64(0)
	return confirmed{
		send: func(body []byte) error {
			n++
			return conn.Send(destination, contentType, body, stomp.SendOpt.Receipt)
		},
		flush: func() (int64, error) { return n, nil }, // or a send has failed
	}
}
