package parser_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

var lengthRules = []rule{
	{name: "content-length reads through NULs", version: v12, wire: "MESSAGE\ncontent-length:5\n\na\x00b\x00c\x00", frames: []string{`MESSAGE content-length=5 |"a\x00b\x00c"`}},
	{name: "content-length reads through NULs in 1.0", version: v10, wire: "MESSAGE\ncontent-length:2\n\n\x00\n\x00", frames: []string{`MESSAGE content-length=2 |"\x00\n"`}},
	{name: "content-length reads through what looks like a frame", version: v11, wire: "MESSAGE\ncontent-length:10\n\nMESSAGE\n\n\x00\x00", frames: []string{`MESSAGE content-length=10 |"MESSAGE\n\n\x00"`}},
	{name: "content-length 0", version: v12, wire: "MESSAGE\ncontent-length:0\n\n\x00", frames: []string{"MESSAGE content-length=0"}},
	{name: "content-length may have leading zeros", version: v12, wire: "MESSAGE\ncontent-length:0000000000000000000000002\n\nhi\x00", frames: []string{"MESSAGE content-length=0000000000000000000000002 |hi"}},
	{name: "content-length before CR LF", version: v12, wire: "MESSAGE\r\ncontent-length:2\r\n\r\nhi\x00", frames: []string{"MESSAGE content-length=2 |hi"}},
	{name: "content-length may be on every frame", version: v12, wire: "RECEIPT\ncontent-length:0\n\n\x00CONNECTED\ncontent-length:0\n\n\x00ACK\ncontent-length:0\n\n\x00",
		frames: []string{"RECEIPT content-length=0", "CONNECTED content-length=0", "ACK content-length=0"}},
	{name: "of repeated content-length lines the first counts", version: v12, wire: "MESSAGE\ncontent-length:2\ncontent-length:99999999999999999999\ncontent-length:x\n\nhi\x00",
		frames: []string{"MESSAGE content-length=2 content-length=99999999999999999999 content-length=x |hi"}},
	{name: "content-length is looked up unescaped", version: v12, wire: "MESSAGE\ncontent\\clength:99\n\nhi\x00", frames: []string{"MESSAGE content:length=99 |hi"}},
	{name: "names that resemble content-length are not", version: v12, wire: "MESSAGE\ncontent-lengt:9\ncontent-lengths:9\ncontent_length:9\nxontent-length:9\ncontent-lengtg:9\n\nhi\x00",
		frames: []string{"MESSAGE content-lengt=9 content-lengths=9 content_length=9 xontent-length=9 content-lengtg=9 |hi"}},
	{name: "the octet after a counted body must be NUL", version: v12, wire: "MESSAGE\ncontent-length:1\n\nhi\x00", err: frame.ErrNoNUL, at: 27},
	{name: "the octet after a counted body must be NUL in 1.0", version: v10, wire: "MESSAGE\ncontent-length:0\n\nx\x00", err: frame.ErrNoNUL, at: 26},
	{name: "LF after a counted body is not NUL", version: v12, wire: "MESSAGE\ncontent-length:2\n\nhi\n\x00", err: frame.ErrNoNUL, at: 28},
	{name: "content-length may not be empty", version: v12, wire: "MESSAGE\ncontent-length:\n\n\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length has no sign", version: v12, wire: "MESSAGE\ncontent-length:+2\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length is not negative", version: v12, wire: "MESSAGE\ncontent-length:-1\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length has no blank before it", version: v12, wire: "MESSAGE\ncontent-length: 2\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length has no blank behind it", version: v12, wire: "MESSAGE\ncontent-length:2 \n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length has digits to its end", version: v12, wire: "MESSAGE\ncontent-length:2a\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length is decimal", version: v12, wire: "MESSAGE\ncontent-length:0x2\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length is whole", version: v12, wire: "MESSAGE\ncontent-length:2.0\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "content-length has ASCII digits", version: v12, wire: "MESSAGE\ncontent-length:\u0662\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
	{name: "a huge content-length is beyond the limit", version: v12, wire: "MESSAGE\ncontent-length:99999999999999999999999\n\n", err: frame.ErrBodyTooLong, at: 23},
	{name: "a content-length of 2^63 is beyond the limit", version: v12, wire: "MESSAGE\ncontent-length:9223372036854775808\n\n", err: frame.ErrBodyTooLong, at: 23},
	{name: "a content-length of 2^64+1 is beyond the limit", version: v12, wire: "MESSAGE\ncontent-length:18446744073709551617\n\n", err: frame.ErrBodyTooLong, at: 23},
	{name: "a huge content-length that is no number is none", version: v12, wire: "MESSAGE\ncontent-length:99999999999999999999999x\n\n", err: frame.ErrBadContentLength, at: 23},
	{name: "a bad content-length is found before what is wrong behind it", version: v12, wire: "MESSAGE\ncontent-length:x\n" + strings.Repeat("name:value\n", 12) + "\x00", err: frame.ErrBadContentLength, at: 23},
}

func TestContentLength(t *testing.T) { run(t, lengthRules) }

var bodyRules = []rule{
	{name: "without content-length NUL ends the body", version: v12, wire: "MESSAGE\n\nhello\x00", frames: []string{"MESSAGE |hello"}},
	{name: "a body may be empty", version: v12, wire: "MESSAGE\n\n\x00", frames: []string{"MESSAGE"}},
	{name: "a body may begin with EOLs", version: v12, wire: "MESSAGE\n\n\n\r\nx\x00", frames: []string{`MESSAGE |"\n\r\nx"`}},
	{name: "SEND, MESSAGE and ERROR may have a body", version: v11, wire: "SEND\n\na\x00MESSAGE\n\nb\x00ERROR\n\nc\x00", frames: []string{"SEND |a", "MESSAGE |b", "ERROR |c"}},
	{name: "RECEIPT has no body", version: v12, wire: "RECEIPT\nreceipt-id:1\n\nx\x00", err: frame.ErrBodyNotAllowed, at: 22},
	{name: "SUBSCRIBE has no body in 1.1", version: v11, wire: "SUBSCRIBE\n\nx\x00", err: frame.ErrBodyNotAllowed, at: 11},
	{name: "RECEIPT has no counted body", version: v12, wire: "RECEIPT\ncontent-length:1\n\nx\x00", err: frame.ErrBodyNotAllowed, at: 23},
	{name: "every 1.0 frame may have a body", version: v10, wire: "SUBSCRIBE\n\nx\x00RECEIPT\ncontent-length:1\n\n\x00\x00", frames: []string{"SUBSCRIBE |x", `RECEIPT content-length=1 |"\x00"`}},
	{name: "a long body", version: v12, wire: "MESSAGE\n\n" + strings.Repeat("x", 5000) + "\x00", frames: []string{"MESSAGE |" + strings.Repeat("x", 5000)}},
	{name: "a long counted body", version: v12, wire: "MESSAGE\ncontent-length:5000\n\n" + strings.Repeat("x", 5000) + "\x00", frames: []string{"MESSAGE content-length=5000 |" + strings.Repeat("x", 5000)}},
}

func TestBody(t *testing.T) { run(t, bodyRules) }
