package peers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stompwire/stompwire/bench/peers/internal/flow"
)

// batchSize is how much the raw rows write at once.
const batchSize = 64 << 10

// dialRaw connects with bytes that are written down here.
func dialRaw(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	nc, err := net.Dial("tcp", addr)
	must(tb, err)
	tb.Cleanup(func() { nc.Close() })
	_, err = nc.Write([]byte("CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\n\n\x00"))
	must(tb, err)
	answer := make([]byte, 1024)
	n, err := nc.Read(answer)
	must(tb, err)
	if !bytes.HasPrefix(answer[:n], []byte("CONNECTED\n")) || answer[n-1] != 0 {
		tb.Fatalf("answer to CONNECT: %q", answer[:n])
	}
	return nc
}

const rawHead = "SEND\ndestination:" + destination + "\ncontent-type:" + contentType + "\n"

func rawSender(tb testing.TB, addr string) sender {
	nc := dialRaw(tb, addr)
	head := rawHead + "content-length:" + strconv.Itoa(bodySize) + "\n\n"
	buf := make([]byte, 0, batchSize)
	flush := func() error {
		_, err := nc.Write(buf)
		buf = buf[:0]
		return err
	}
	return sender{
		send: func(body []byte) error {
			buf = append(buf, head...)
			buf = append(buf, body...)
			buf = append(buf, 0)
			if len(buf) > batchSize-512 {
				return flush()
			}
			return nil
		},
		flush: flush,
	}
}

// rawConfirmed writes a batch when it is full or the window is, and matches
// receipts in the order of the sends.
func rawConfirmed(tb testing.TB, addr string) confirmed {
	nc := dialRaw(tb, addr)
	w := flow.NewWindow(receiptWindow)
	var wrong atomic.Pointer[error]
	go func() {
		if err := rawReceipts(nc, w.Gate); err != nil {
			wrong.CompareAndSwap(nil, &err)
		}
	}()
	seq := int64(0)
	buf := make([]byte, 0, batchSize)
	flush := func() error {
		_, err := nc.Write(buf)
		buf = buf[:0]
		return err
	}
	return confirmed{
		send: func(body []byte) error {
			if w.Full() || len(buf) > batchSize-512 {
				if err := flush(); err != nil {
					return err
				}
			}
			if err := w.Take(1); err != nil {
				return err
			}
			seq++
			buf = append(buf, rawHead+"receipt:"...)
			buf = strconv.AppendInt(buf, seq, 10)
			buf = append(buf, "\ncontent-length:"...)
			buf = strconv.AppendInt(buf, int64(len(body)), 10)
			buf = append(buf, "\n\n"...)
			buf = append(buf, body...)
			buf = append(buf, 0)
			return nil
		},
		flush: func() (int64, error) {
			if err := errors.Join(flush(), w.Drain()); err != nil {
				return 0, err
			}
			if err := wrong.Load(); err != nil {
				return 0, *err
			}
			return w.Count(), nil
		},
	}
}

// rawReceipts reads receipts until the connection ends.
func rawReceipts(nc net.Conn, arrived *flow.Gate) error {
	const head, tail = "RECEIPT\nreceipt-id:", "\n\n\x00"
	buf := make([]byte, batchSize)
	want := make([]byte, 0, 64)
	seq, rest := int64(0), 0
	for {
		n, err := nc.Read(buf[rest:])
		if err != nil {
			return nil
		}
		data := buf[:rest+n]
		before := seq
		for {
			end := bytes.IndexByte(data, 0)
			if end < 0 {
				break
			}
			seq++
			want = append(strconv.AppendInt(append(want[:0], head...), seq, 10), tail...)
			if !bytes.Equal(data[:end+1], want) {
				return fmt.Errorf("%q instead of the receipt for %d", data[:end+1], seq)
			}
			data = data[end+1:]
		}
		rest = copy(buf, data)
		arrived.Add(seq - before)
	}
}
