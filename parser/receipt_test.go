package parser_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// A fatal error tells the receipt of its frame if that line had been read, wherever the
// stream is cut.
func TestReceiptOf(t *testing.T) {
	limits := frame.Limits{Body: 10, Headers: 3, HeaderLine: 100, HeaderBlock: 250}
	for _, tt := range []struct {
		name, wire, receipt string
		version             frame.Version
	}{
		{"body too long", "SEND\nreceipt:r\n\n" + x(11), "r", v12},
		{"counted body too long", "SEND\nreceipt:r\ncontent-length:11\n\n", "r", v12},
		{"no NUL", "SEND\nreceipt:r\ncontent-length:1\n\nab", "r", v12},
		{"too many headers", "SEND\nreceipt:r\na:\nb:\nc:\n", "r", v12},
		{"header line too long", "SEND\nreceipt:r\na:" + x(99), "r", v12},
		{"header block too long", "SEND\nreceipt:r\na:" + x(90) + "\nb:" + x(90) + "\n" + x(90), "r", v12},
		{"no colon", "SEND\nreceipt:r\nab\n", "r", v12},
		{"body not allowed", "BEGIN\nreceipt:r\n\nx", "r", v12},
		{"escapes", "SEND\nreceipt:a\\cb\\r\n\n" + x(11), "a:b\r", v12},
		{"escapes of 1.1", "SEND\nreceipt:a\\cb\r\n\n" + x(11), "a:b\r", v11},
		{"no escapes on 1.0", "SEND\nreceipt:a\\cb\n\n" + x(11), "a\\cb", v10},
		{"the first of two", "SEND\nreceipt:1\nreceipt:2\nab\n", "1", v12},
		{"among many", "SEND\na:" + x(90) + "\nreceipt:r\nb:" + x(99), "r", v12},
		{"behind other frames", "\n\nSEND\nreceipt:0\n\n\x00\nSEND\nreceipt:r\nab\n", "r", v12},
		{"empty", "SEND\nreceipt:\nab\n", "", v12},

		{"not whole", "SEND\nreceipt:" + x(100), "", v12},
		{"behind the error", "SEND\nab\nreceipt:r\n", "", v12},
		{"none", "SEND\na:b\nab\n", "", v12},
		{"of another frame", "SEND\nreceipt:0\n\n\x00SEND\nab\n", "", v12},
		{"of another frame, in the command", "SEND\nreceipt:0\n\n\x00SEN\n", "", v12},
		{"of another frame, between frames", "SEND\nreceipt:0\n\n\x00\rx", "", v12},
		{"CONNECT", "CONNECT\nreceipt:r\nab\n", "", v12},
		{"MESSAGE", "MESSAGE\nreceipt:r\nab\n", "", v12},
	} {
		for cut := range len(tt.wire) {
			s := parser.Stream{}
			s.Version, s.Limits = tt.version, limits
			_, err := s.Feed([]byte(tt.wire[:cut]), ignore{})
			if err == nil {
				_, err = s.Feed([]byte(tt.wire[cut:]), ignore{})
			}
			if got := string(parser.ReceiptOf(err)); got != tt.receipt {
				t.Fatalf("%s, cut at %d: %v: receipt %q, want %q", tt.name, cut, err, got, tt.receipt)
			}
			var syntax *frame.SyntaxError
			var limit *frame.LimitError
			if !errors.Is(err, frame.ErrProtocol) || !errors.As(err, &syntax) && !errors.As(err, &limit) || !strings.HasPrefix(err.Error(), "stomp: ") {
				t.Fatalf("%s: error %v", tt.name, err)
			}
			if _, again := s.Feed([]byte("\n"), ignore{}); again != err {
				t.Fatalf("%s: then %v, want %v", tt.name, again, err)
			}
		}
	}
	if parser.ReceiptOf(nil) != nil || parser.ReceiptOf(parser.ErrIncomplete) != nil {
		t.Error("there is a receipt of another error")
	}
}

// ignore takes frames.
type ignore struct{}

func (ignore) OnFrame(*frame.Frame) error { return nil }
