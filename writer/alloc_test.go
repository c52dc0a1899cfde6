//go:build !race && !purego

package writer_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/internal/alloctest"
	"github.com/stompwire/stompwire/writer"
)

// AllocsPerRun rounds down, so each run does the operation a thousand times.
const allocOps = 1000

func TestAllocNothing(t *testing.T) {
	dst := make([]byte, 0, 4096)
	body := bytes.Repeat([]byte{'x'}, 128)
	plain := []frame.Field{
		{Name: "destination", Value: "/queue/orders.incoming"},
		{Name: "content-type", Value: "application/json"},
		{Name: "persistent", Value: "true"},
		{Name: "receipt", Value: "receipt-1234567"},
	}
	escapes := []frame.Field{{Name: "a:b", Value: "c\\d\ne: and the rest of a longer text, with ü"}}
	counted := []frame.Field{{Name: "content-length", Value: "128"}}
	block, err := writer.Compile(frame.Version12, frame.CmdSend, plain)
	if err != nil {
		t.Fatal(err)
	}
	id := bytes.Repeat([]byte("ID:x-"), 20)
	ack := writer.Ack{ID: id, MessageID: id, Subscription: id, Transaction: "tx"}
	reader := bytes.NewReader(body)

	for name, op := range map[string]func() error{
		"AppendFrame":          func() error { return second(writer.AppendFrame(dst, frame.Version12, frame.CmdSend, plain, body)) },
		"AppendFrame/escapes":  func() error { return second(writer.AppendFrame(dst, frame.Version12, frame.CmdSend, escapes, body)) },
		"AppendFrame/counted":  func() error { return second(writer.AppendFrame(dst, frame.Version12, frame.CmdSend, counted, body)) },
		"AppendFrameNoLength":  func() error { return second(writer.AppendFrameNoLength(dst, 0, frame.CmdSend, plain, body)) },
		"AppendSend":           func() error { return second(writer.AppendSend(dst, frame.Version11, "/queue/a", plain, body)) },
		"AppendAck/1.0":        func() error { return second(writer.AppendAck(dst, frame.Version10, ack, nil)) },
		"AppendAck/1.1":        func() error { return second(writer.AppendAck(dst, frame.Version11, ack, nil)) },
		"AppendNack/1.2":       func() error { return second(writer.AppendNack(dst, frame.Version12, ack, plain)) },
		"AppendReceipt":        func() error { return second(writer.AppendReceipt(dst, frame.Version12, id)) },
		"AppendHeader":         func() error { return second(writer.AppendHeader(dst, frame.Version12, "name", "va:lue")) },
		"AppendHeaderBytes":    func() error { return second(writer.AppendHeaderBytes(dst, frame.Version12, id, id)) },
		"AppendHead":           func() error { return second(writer.AppendHead(dst, frame.Version12, frame.CmdSend, plain, 1<<40)) },
		"Block.Append":         func() error { return second(block.Append(dst, nil, body)) },
		"Block.Append/extra":   func() error { return second(block.Append(dst, plain[3:], body)) },
		"Block.AppendNoLength": func() error { return second(block.AppendNoLength(dst, plain[3:], body)) },
		"pieces": func() error {
			out := writer.AppendHeartBeat(block.AppendHead(writer.AppendCommand(dst, frame.CmdSend)))
			writer.AppendBody(writer.AppendContentLength(out, 128), body)
			return nil
		},
		"Size": func() error { writer.Size(frame.Version12, frame.CmdSend, plain, body); return nil },
		"WriteFrom": func() error {
			reader.Reset(body)
			_, err := writer.WriteFrom(io.Discard, 0, frame.CmdSend, plain, reader, 128, dst)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := alloctest.Least(2, func() {
				for range allocOps {
					if err := op(); err != nil {
						t.Fatal(err)
					}
				}
			})
			if n != 0 {
				t.Errorf("%v allocations in %d operations, want 0", n, allocOps)
			}
		})
	}
}

func second(_ []byte, err error) error { return err }
