package peers

import (
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/gmallard/stompngo"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

// dialStompngo connects. The end of the test closes the connection, or the reader
// of stompngo would stay.
func dialStompngo(tb testing.TB, addr string) *stompngo.Connection {
	tb.Helper()
	nc, err := net.Dial("tcp", addr)
	must(tb, err)
	conn, err := stompngo.Connect(nc, stompngo.Headers{"accept-version", "1.2", "host", "/", "heart-beat", "0,0"})
	must(tb, err)
	tb.Cleanup(func() { closeStompngo(tb, conn, nc) })
	return conn
}

// closeStompngo ends the writer with DISCONNECT and the reader with the connection,
// which stompngo leaves to its user.
func closeStompngo(tb testing.TB, conn *stompngo.Connection, nc net.Conn) {
	if err := conn.Disconnect(stompngo.Headers{"noreceipt", "true"}); err != nil {
		tb.Error(err)
	}
	nc.Close()
}

func stompngoSender(tb testing.TB, addr string) sender {
	conn := dialStompngo(tb, addr)
	headers := stompngo.Headers{"destination", destination, "content-type", contentType}
	return sender{
		send:  func(body []byte) error { return conn.SendBytes(headers, body) },
		flush: noFlush,
	}
}

// stompngoConfirmed matches the receipts that come on the channel of the
// connection, in the order of the sends, while others are under way.
func stompngoConfirmed(tb testing.TB, addr string) confirmed {
	conn := dialStompngo(tb, addr)
	w := flow.NewWindow(receiptWindow)
	var wrong atomic.Pointer[string]
	go func() {
		for want := int64(1); ; want++ {
			md, ok := <-conn.MessageData
			if !ok || md.Error != nil {
				return
			}
			id := md.Message.Headers.Value("receipt-id")
			if md.Message.Command != stompngo.RECEIPT || id != strconv.FormatInt(want, 10) {
				text := fmt.Sprintf("%s %s instead of the receipt for %d", md.Message.Command, id, want)
				wrong.CompareAndSwap(nil, &text)
			}
			w.Add(1)
		}
	}()
	seq := int64(0)
	return confirmed{
		send: func(body []byte) error {
			if err := w.Take(1); err != nil {
				return err
			}
			seq++
			return conn.SendBytes(stompngo.Headers{
				"destination", destination, "content-type", contentType,
				"receipt", strconv.FormatInt(seq, 10),
			}, body)
		},
		flush: func() (int64, error) {
			if err := w.Drain(); err != nil {
				return 0, err
			}
			if text := wrong.Load(); text != nil {
				return 0, fmt.Errorf("%s", *text)
			}
			return w.Count(), nil
		},
	}
}
