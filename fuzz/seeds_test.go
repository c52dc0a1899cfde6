package fuzz

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// streams are seeds: each stands for a rule, or for a place where an octet more or
// less changes what is read.
var streams = []string{
	"",
	"\n\r\n\n",
	"\r",
	"\rMESSAGE\n\n\x00",
	"MESSAGE\n\n\x00",
	"MESSAGE\r\n\r\n\x00\r\n",
	"MESSAGE\nsubscription:0\nmessage-id:007\ndestination:/queue/a\ncontent-length:5\n\nhe\x00lo\x00\n",
	"MESSAGE\nsubscription:0\nmessage-id:007\ndestination:/queue/a\ncontent-type:text/plain\n\nhello queue a\x00",
	"MESSAGE\r\ndestination:/queue/a\r\nempty:\r\n\r\nbody\x00",
	"MESSAGE\nkey\\c\\n\\\\x:v\\r\\\\n\nb:1:2\n\n\x00",
	"MESSAGE\ncontent\\clength:3\n\nabc\x00",
	"MESSAGE\na:\\t\n\n\x00",
	"MESSAGE\na:\\\n\n\x00",
	"MESSAGE\na\\:b\n\n\x00",
	"MESSAGE\nnocolon\n\n\x00",
	"MESSAGE\n:novalue\n\n\x00",
	"MESSAGE\na:b\rc\n\n\x00",
	"MESSAGE\na:b\r\r\n\n\x00",
	"MESSAGE\na:b\x00c\n\n\x00",
	"MESSAGE\n\xc3\xa4:\xe2\x82\xac \xf0\x9f\x98\x80\n\n\x00",
	"MESSAGE\na:\xc3\n\n\x00",
	"MESSAGE\na:\xed\xa0\x80\xf4\x90\x80\x80\n\n\x00",
	"RECEIPT\nreceipt-id:42\n\n\x00",
	"RECEIPT\nreceipt-id:42\ncontent-length:0\n\n\x00",
	"RECEIPT\nreceipt-id:42\ncontent-length:1\n\nx\x00",
	"RECEIPT\nreceipt-id:42\n\nx\x00",
	"SEND\ndestination:/queue/a\ncontent-length:2\ncontent-length:999\n\nhi\x00",
	"SEND\ncontent-length:1\n\nhi\x00",
	"SEND\ncontent-length:99999999999999999999999\n\n\x00",
	"SEND\ncontent-length:-1\n\n\x00SEND\ncontent-length: 1\n\n\x00",
	"CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\npasscode:a\\tb\n\n\x00",
	"CONNECTED\r\nversion:1.2\r\n\r\n\x00MESSAGE\r\na:b\r\n\r\n\x00",
	"STOMP\naccept-version:1.2\nhost:x\n\n\x00\n",
	"send\n\n\x00",
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"UNSUBSCRIBE\nid:0\n\n\x00ACK\nid:1\n\n\x00NACK\nid:1\n\n\x00DISCONNECT\nreceipt:9\n\n\x00",
	"ERROR\nmessage:" + strings.Repeat("x", 100) + "\n\nwhy\x00",
	"MESSAGE\n" + strings.Repeat("name:value\n", 20) + "\n\x00",
	"MESSAGE\n" + strings.Repeat("a", 54) + "\\c:\\c\n" + strings.Repeat("\\\\", 40) + ":\n\n\x00",
	"MESSAGE\nm:" + strings.Repeat("\xc3\xa4", 60) + "\n\n\x00",
	strings.Repeat("x", 70),
}

// smallLimits makes limits reachable by short inputs.
var smallLimits = frame.Limits{Command: 12, HeaderLine: 80, Headers: 8, HeaderBlock: 300, Body: 200}

func addSeeds(f *testing.F) {
	for i, s := range streams {
		for v := range uint8(4) {
			f.Add([]byte(s), v, uint64(i)*0x9e3779b97f4a7c15, i%2 == 0)
		}
	}
}

func limitsOf(small bool) frame.Limits {
	if small {
		return smallLimits
	}
	return frame.Limits{}.WithDefaults()
}
