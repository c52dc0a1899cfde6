package writer_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// wireCase is a frame and its bytes.
type wireCase struct {
	name    string
	version frame.Version
	command frame.Command
	fields  frame.Fields
	body    string
	wire    string
}

// The wire form is drawn with a line per line; the NUL is the last octet.
var wireCases = []wireCase{
	{
		"a SEND has its content-length added", frame.Version12, frame.CmdSend,
		frame.Fields{{Name: "destination", Value: "/queue/a"}, {Name: "content-type", Value: "text/plain"}}, "hello",
		"SEND\n" +
			"destination:/queue/a\n" +
			"content-type:text/plain\n" +
			"content-length:5\n" +
			"\n" +
			"hello\x00",
	},
	{
		"content-length of the caller stays where it is", frame.Version12, frame.CmdSend,
		frame.Fields{{Name: "content-length", Value: "3"}, {Name: "destination", Value: "/queue/a"}}, "a\x00b",
		"SEND\n" +
			"content-length:3\n" +
			"destination:/queue/a\n" +
			"\n" +
			"a\x00b\x00",
	},
	{
		"an empty body has no content-length", frame.Version12, frame.CmdSend,
		frame.Fields{{Name: "destination", Value: "/queue/a"}}, "",
		"SEND\n" +
			"destination:/queue/a\n" +
			"\n" +
			"\x00",
	},
	{
		"content-length 0 may be given, on any frame", frame.Version12, frame.CmdReceipt,
		frame.Fields{{Name: "receipt-id", Value: "1"}, {Name: "content-length", Value: "0"}}, "",
		"RECEIPT\n" +
			"receipt-id:1\n" +
			"content-length:0\n" +
			"\n" +
			"\x00",
	},
	{
		"no headers at all", frame.Version11, frame.CmdDisconnect, nil, "",
		"DISCONNECT\n" +
			"\n" +
			"\x00",
	},
	{
		"repeated headers keep their order, empty values are written, blanks are not padding", frame.Version12, frame.CmdMessage,
		frame.Fields{{Name: "k", Value: "new"}, {Name: "k", Value: "old"}, {Name: "empty", Value: ""}, {Name: " n ", Value: " v "}}, "",
		"MESSAGE\n" +
			"k:new\n" +
			"k:old\n" +
			"empty:\n" +
			" n : v \n" +
			"\n" +
			"\x00",
	},
	{
		"1.2 escapes backslash, LF, colon and CR in names and values", frame.Version12, frame.CmdSend,
		frame.Fields{{Name: "a:b\\c\nd\re", Value: "1:2\\3\n4\r5"}}, "",
		"SEND\n" +
			`a\cb\\c\nd\re:1\c2\\3\n4\r5` + "\n" +
			"\n" +
			"\x00",
	},
	{
		"no version yet is as 1.2", 0, frame.CmdSend,
		frame.Fields{{Name: "a:b", Value: "\r"}}, "",
		"SEND\n" +
			`a\cb:\r` + "\n" +
			"\n" +
			"\x00",
	},
	{
		"1.1 escapes all but CR, which is data", frame.Version11, frame.CmdSend,
		frame.Fields{{Name: "a:b\\c\nd\re", Value: "1:2\\3\n4\r5\r"}}, "",
		"SEND\n" +
			`a\cb\\c\nd` + "\r" + `e:1\c2\\3\n4` + "\r5\r\n" +
			"\n" +
			"\x00",
	},
	{
		"1.0 escapes nothing and lets any octet of text pass", frame.Version10, frame.CmdSend,
		frame.Fields{{Name: `a\b`, Value: `http://x\y:1`}, {Name: "latin", Value: "\xe4"}, {Name: "empty", Value: ""}}, "",
		"SEND\n" +
			`a\b:http://x\y:1` + "\n" +
			"latin:\xe4\n" +
			"empty:\n" +
			"\n" +
			"\x00",
	},
	{
		"1.0 may have a body on any frame", frame.Version10, frame.CmdSubscribe,
		frame.Fields{{Name: "destination", Value: "/queue/a"}}, "x",
		"SUBSCRIBE\n" +
			"destination:/queue/a\n" +
			"content-length:1\n" +
			"\n" +
			"x\x00",
	},
	{
		"CONNECT escapes nothing", frame.Version12, frame.CmdConnect,
		frame.Fields{{Name: "accept-version", Value: "1.2"}, {Name: "host", Value: `a:b`}, {Name: "passcode", Value: `p\n:c`}}, "",
		"CONNECT\n" +
			"accept-version:1.2\n" +
			"host:a:b\n" +
			`passcode:p\n:c` + "\n" +
			"\n" +
			"\x00",
	},
	{
		"STOMP escapes nothing", frame.Version11, frame.CmdStomp,
		frame.Fields{{Name: "host", Value: `\:`}}, "",
		"STOMP\n" +
			`host:\:` + "\n" +
			"\n" +
			"\x00",
	},
	{
		"CONNECTED escapes nothing", frame.Version12, frame.CmdConnected,
		frame.Fields{{Name: "server", Value: `x\1:2`}}, "",
		"CONNECTED\n" +
			`server:x\1:2` + "\n" +
			"\n" +
			"\x00",
	},
	{
		"UTF-8 stands for itself", frame.Version12, frame.CmdError,
		frame.Fields{{Name: "größe", Value: "10 € \U0001f600"}, {Name: "message", Value: "é:\t\x7f"}}, "why",
		"ERROR\n" +
			"größe:10 € \U0001f600\n" +
			"message:é\\c\t\x7f\n" +
			"content-length:3\n" +
			"\n" +
			"why\x00",
	},
	{
		"a long body", frame.Version12, frame.CmdSend,
		frame.Fields{{Name: "destination", Value: "/queue/a"}}, strings.Repeat("0123456789", 1234),
		"SEND\n" +
			"destination:/queue/a\n" +
			"content-length:12340\n" +
			"\n" +
			strings.Repeat("0123456789", 1234) + "\x00",
	},
}

func eachWireCase(t *testing.T, test func(t *testing.T, c wireCase)) {
	for _, c := range wireCases {
		t.Run(c.name, func(t *testing.T) { test(t, c) })
	}
}

// check compares bytes, and shows them if they differ.
func check(t *testing.T, got []byte, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("wrote %.300q\nwant  %.300q", got, want)
	}
}

func TestAppendFrameWritesExactlyTheseBytes(t *testing.T) {
	eachWireCase(t, func(t *testing.T, c wireCase) {
		got, err := writer.AppendFrame(nil, c.version, c.command, c.fields, []byte(c.body))
		check(t, got, err, c.wire)
	})
}

// Every capacity from none to more than enough: the slice grows in another place
// each time, and what was in it stays.
func TestAppendFrameGrowsLikeAppend(t *testing.T) {
	eachWireCase(t, func(t *testing.T, c wireCase) {
		for room := range min(len(c.wire), 300) + 50 {
			dst := append(make([]byte, 0, len("before")+room), "before"...)
			got, err := writer.AppendFrame(dst, c.version, c.command, c.fields, []byte(c.body))
			check(t, got, err, "before"+c.wire)
		}
	})
}

func TestSizeIsThatOfAppendFrame(t *testing.T) {
	eachWireCase(t, func(t *testing.T, c wireCase) {
		if got := writer.Size(c.version, c.command, c.fields, []byte(c.body)); got != len(c.wire) {
			t.Errorf("Size is %d, want %d", got, len(c.wire))
		}
	})
}

func TestPiecesMakeTheSameFrame(t *testing.T) {
	eachWireCase(t, func(t *testing.T, c wireCase) {
		if c.command.Unescaped() {
			t.Skip("the pieces do not know the command")
		}
		got := writer.AppendCommand(nil, c.command)
		viaBytes := bytes.Clone(got)
		for _, f := range c.fields {
			var err error
			if got, err = writer.AppendHeader(got, c.version, f.Name, f.Value); err != nil {
				t.Fatal(err)
			}
			if viaBytes, err = writer.AppendHeaderBytes(viaBytes, c.version, []byte(f.Name), []byte(f.Value)); err != nil {
				t.Fatal(err)
			}
		}
		if _, given := c.fields.Lookup(frame.HeaderContentLength); c.body != "" && !given {
			got = writer.AppendContentLength(got, len(c.body))
			viaBytes = writer.AppendContentLength(viaBytes, len(c.body))
		}
		check(t, writer.AppendBody(got, []byte(c.body)), nil, c.wire)
		check(t, writer.AppendBody(viaBytes, []byte(c.body)), nil, c.wire)
	})
}

func TestAppendSendPutsTheDestinationFirst(t *testing.T) {
	h := frame.Fields{{Name: "receipt", Value: "r:1"}}
	got, err := writer.AppendSend([]byte("\n"), frame.Version12, "/queue/a:b", h, []byte("hi"))
	check(t, got, err, "\n"+
		"SEND\n"+
		`destination:/queue/a\cb`+"\n"+
		`receipt:r\c1`+"\n"+
		"content-length:2\n"+
		"\n"+
		"hi\x00")
}

func TestAppendFrameNoLengthLeavesItOff(t *testing.T) {
	h := frame.Fields{{Name: "destination", Value: "/queue/a"}}
	got, err := writer.AppendFrameNoLength(nil, frame.Version12, frame.CmdSend, h, []byte("text"))
	check(t, got, err, "SEND\n"+
		"destination:/queue/a\n"+
		"\n"+
		"text\x00")
}

func TestAppendReceipt(t *testing.T) {
	for _, c := range []struct {
		version frame.Version
		wire    string
	}{
		{frame.Version10, "RECEIPT\nreceipt-id:a:1\n\n\x00"},
		{frame.Version11, "RECEIPT\nreceipt-id:a\\c1\n\n\x00"},
		{frame.Version12, "RECEIPT\nreceipt-id:a\\c1\n\n\x00"},
	} {
		got, err := writer.AppendReceipt(nil, c.version, []byte("a:1"))
		check(t, got, err, c.wire)
	}
}

func TestAppendHeartBeat(t *testing.T) {
	check(t, writer.AppendHeartBeat([]byte("x\x00")), nil, "x\x00\n")
}

// Each number of digits, and the numbers on both sides.
func TestContentLengthDigits(t *testing.T) {
	for _, c := range []struct {
		n    int
		wire string
	}{
		{-1, "0"},
		{0, "0"}, {9, "9"}, {10, "10"}, {42, "42"}, {99, "99"}, {100, "100"}, {101, "101"}, {999, "999"},
		{1000, "1000"}, {1001, "1001"}, {9999, "9999"}, {10000, "10000"}, {65536, "65536"}, {1<<31 - 1, "2147483647"},
	} {
		check(t, writer.AppendContentLength(nil, c.n), nil, "content-length:"+c.wire+"\n")
		if c.n < 0 {
			continue
		}
		head, err := writer.AppendHead(nil, 0, frame.CmdSend, frame.Fields{{Name: "content-length", Value: c.wire}}, int64(c.n))
		check(t, head, err, "SEND\ncontent-length:"+c.wire+"\n\n")
	}
	check(t, writer.AppendContentLength(nil, math.MaxInt), nil, fmt.Sprintf("content-length:%d\n", math.MaxInt))
}

func TestBodyOfEveryDecimalLengthIsCounted(t *testing.T) {
	for _, n := range []int{1, 9, 10, 99, 100, 128, 999, 1000, 4096, 9999, 10000, 65536} {
		body := bytes.Repeat([]byte{'x'}, n)
		got, err := writer.AppendFrame(nil, 0, frame.CmdSend, nil, body)
		want := append(writer.AppendContentLength([]byte("SEND\n"), n), '\n')
		check(t, got, err, string(want)+string(body)+"\x00")
	}
}
