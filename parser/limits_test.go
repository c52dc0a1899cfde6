package parser_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

// x returns n octets.
func x(n int) string { return strings.Repeat("x", n) }

// Each limit is shown with just as much as it allows and with one more. Error
// offsets are those of the first octet that is too much.
var limitRules = []rule{
	{name: "command, n", limits: frame.Limits{Command: 9}, version: v12, wire: "CONNECTED\n\n\x00CONNECTED\r\n\r\n\x00", frames: []string{"CONNECTED", "CONNECTED"}},
	{name: "command, n+1", limits: frame.Limits{Command: 9}, version: v12, wire: "DISCONNECT\n\n\x00", err: frame.ErrCommandTooLong, at: 9},
	{name: "command, default n", version: v12, wire: x(32) + "\n", err: frame.ErrBadCommand},
	{name: "command, default n+1", version: v12, wire: x(33), err: frame.ErrCommandTooLong, at: 32},
	{name: "command that never ends", version: v12, wire: x(200), err: frame.ErrCommandTooLong, at: 32},
	{name: "command shorter than the fast path", limits: frame.Limits{Command: 5}, version: v12, wire: "SEND\n\n\x00MESSAGE\n\n\x00", frames: []string{"SEND"}, err: frame.ErrCommandTooLong, at: 12},

	{name: "header line, n", limits: frame.Limits{HeaderLine: 10}, version: v12, wire: "MESSAGE\na:" + x(8) + "\nb:" + x(8) + "\r\n\n\x00",
		frames: []string{"MESSAGE a=" + x(8) + " b=" + x(8)}},
	{name: "header line, n+1", limits: frame.Limits{HeaderLine: 10}, version: v12, wire: "MESSAGE\na:" + x(9) + "\n\n\x00", err: frame.ErrHeaderLineTooLong, at: 18},
	{name: "header line, n+1 with CR LF", limits: frame.Limits{HeaderLine: 10}, version: v12, wire: "MESSAGE\na:" + x(9) + "\r\n\n\x00", err: frame.ErrHeaderLineTooLong, at: 18},
	{name: "header line, n and a lone CR", limits: frame.Limits{HeaderLine: 10}, version: v12, wire: "MESSAGE\na:" + x(8) + "\rx\n\n\x00", err: frame.ErrHeaderLineTooLong, at: 19},
	{name: "header line, default n", version: v12, wire: "MESSAGE\nb:c\na:" + x(8190) + "\n\n\x00", frames: []string{"MESSAGE b=c a=" + x(8190)}},
	{name: "header line, default n+1", version: v12, wire: "MESSAGE\nb:c\na:" + x(8191) + "\n\n\x00", err: frame.ErrHeaderLineTooLong, at: 12 + 8192},
	{name: "header line that never ends", version: v12, wire: "MESSAGE\n" + x(9000), err: frame.ErrHeaderLineTooLong, at: 8 + 8192},

	{name: "headers, n", limits: frame.Limits{Headers: 3}, version: v12, wire: "MESSAGE\na:\nb:\nc:\n\n\x00", frames: []string{"MESSAGE a= b= c="}},
	{name: "headers, n+1", limits: frame.Limits{Headers: 3}, version: v12, wire: "MESSAGE\na:\nb:\nc:\nd:\n\n\x00", err: frame.ErrTooManyHeaders, at: 17},
	{name: "headers, n repeated and one more", limits: frame.Limits{Headers: 3}, version: v12, wire: "MESSAGE\na:\na:\na:\na:\n\n\x00", err: frame.ErrTooManyHeaders, at: 17},
	{name: "headers, n and CR LF", limits: frame.Limits{Headers: 1}, version: v12, wire: "MESSAGE\r\na:\r\n\r\n\x00", frames: []string{"MESSAGE a="}},
	{name: "headers, default n", version: v12, wire: "MESSAGE\n" + strings.Repeat("a:b\n", 128) + "\n\x00", frames: []string{"MESSAGE" + strings.Repeat(" a=b", 128)}},
	{name: "headers, default n+1", version: v12, wire: "MESSAGE\n" + strings.Repeat("a:b\n", 129) + "\n\x00", err: frame.ErrTooManyHeaders, at: 8 + 128*4},
	{name: "headers that never end", version: v12, wire: "MESSAGE\n" + strings.Repeat("a:b\n", 2000), err: frame.ErrTooManyHeaders, at: 8 + 128*4},

	{name: "header block, n", limits: frame.Limits{HeaderBlock: 100}, version: v12, wire: "MESSAGE\na:" + x(47) + "\na:" + x(47) + "\n\n\x00",
		frames: []string{"MESSAGE a=" + x(47) + " a=" + x(47)}},
	{name: "header block, n with CR LF", limits: frame.Limits{HeaderBlock: 100}, version: v12, wire: "MESSAGE\na:" + x(47) + "\na:" + x(46) + "\r\n\r\n\x00",
		frames: []string{"MESSAGE a=" + x(47) + " a=" + x(46)}},
	{name: "header block, n+1", limits: frame.Limits{HeaderBlock: 100}, version: v12, wire: "MESSAGE\na:" + x(47) + "\na:" + x(48) + "\n\n\x00", err: frame.ErrHeaderBlockTooLong, at: 108},
	{name: "header block, n and another line", limits: frame.Limits{HeaderBlock: 100}, version: v12, wire: "MESSAGE\na:" + x(47) + "\na:" + x(47) + "\nb:\n\n\x00", err: frame.ErrHeaderBlockTooLong, at: 108},
	{name: "header block, default n", version: v12, wire: "MESSAGE\n" + strings.Repeat("a:"+x(1021)+"\n", 64) + "\n\x00", frames: []string{"MESSAGE" + strings.Repeat(" a="+x(1021), 64)}},
	{name: "header block, default n+1", version: v12, wire: "MESSAGE\n" + strings.Repeat("a:"+x(1021)+"\n", 64) + "b:\n\n\x00", err: frame.ErrHeaderBlockTooLong, at: 8 + 65536},

	{name: "body, n", limits: frame.Limits{Body: 4}, version: v12, wire: "MESSAGE\n\nabcd\x00", frames: []string{"MESSAGE |abcd"}},
	{name: "body, n+1", limits: frame.Limits{Body: 4}, version: v12, wire: "MESSAGE\n\nabcde\x00", err: frame.ErrBodyTooLong, at: 13},
	{name: "body that never ends", limits: frame.Limits{Body: 4}, version: v12, wire: "MESSAGE\n\n" + x(300), err: frame.ErrBodyTooLong, at: 13},
	{name: "counted body, n", limits: frame.Limits{Body: 4}, version: v12, wire: "MESSAGE\ncontent-length:4\n\na\x00cd\x00", frames: []string{`MESSAGE content-length=4 |"a\x00cd"`}},
	{name: "counted body, n+1", limits: frame.Limits{Body: 4}, version: v12, wire: "MESSAGE\ncontent-length:5\n\nabcde\x00", err: frame.ErrBodyTooLong, at: 23},
	{name: "body of 1, 2", limits: frame.Limits{Body: 1}, version: v12, wire: "MESSAGE\n\na\x00MESSAGE\n\nab\x00", frames: []string{"MESSAGE |a"}, err: frame.ErrBodyTooLong, at: 21},
}

func TestLimit(t *testing.T) { run(t, limitRules) }

// TestLimitOfDefaultBody shows the default limit of bodies, which is too large for
// the tables.
func TestLimitOfDefaultBody(t *testing.T) {
	const most = 16 << 20
	for _, r := range []rule{
		{name: "n", wire: "MESSAGE\n\n" + x(most) + "\x00", frames: []string{"MESSAGE |" + x(most)}},
		{name: "n+1", wire: "MESSAGE\n\n" + x(most+1) + "\x00", err: frame.ErrBodyTooLong, at: 9 + most},
		{name: "counted n+1", wire: "MESSAGE\ncontent-length:16777217\n\n", err: frame.ErrBodyTooLong, at: 23},
	} {
		t.Run(r.name, func(t *testing.T) { r.whole(t) })
	}
}
