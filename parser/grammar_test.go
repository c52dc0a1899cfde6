package parser_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

var lineEndRules = []rule{
	{name: "LF ends a line in 1.0", version: v10, wire: "MESSAGE\na:b\n\n\x00", frames: []string{"MESSAGE a=b"}},
	{name: "LF ends a line in 1.1", version: v11, wire: "MESSAGE\na:b\n\n\x00", frames: []string{"MESSAGE a=b"}},
	{name: "LF ends a line in 1.2", version: v12, wire: "MESSAGE\na:b\n\n\x00", frames: []string{"MESSAGE a=b"}},
	{name: "CR LF ends a line in 1.2", version: v12, wire: "MESSAGE\r\na:b\r\n\r\nx\x00", frames: []string{"MESSAGE a=b |x"}},
	{name: "CR LF ends a line before a version is agreed on", version: none, wire: "SEND\r\na:b\r\n\r\nx\x00", frames: []string{"SEND a=b |x"}},
	{name: "LF and CR LF may be mixed in 1.2", version: v12, wire: "MESSAGE\r\na:b\nc:d\r\n\nx\x00", frames: []string{"MESSAGE a=b c=d |x"}},
	{name: "CR is data of a value in 1.0", version: v10, wire: "MESSAGE\na:b\r\n\n\x00", frames: []string{`MESSAGE a="b\r"`}},
	{name: "CR is data of a value in 1.1", version: v11, wire: "MESSAGE\na:\rb\r\n\n\x00", frames: []string{`MESSAGE a="\rb\r"`}},
	{name: "CR is data of a name in 1.1", version: v11, wire: "MESSAGE\n\ra\r:b\n\n\x00", frames: []string{`MESSAGE "\ra\r"=b`}},
	{name: "CR LF is no empty line in 1.1", version: v11, wire: "MESSAGE\na:b\n\r\n\x00", err: frame.ErrNoColon, at: 13},
	{name: "CR LF is no empty line in 1.0", version: v10, wire: "MESSAGE\na:b\n\r\n\x00", err: frame.ErrNoColon, at: 13},
	{name: "CR alone is refused in a 1.2 value", version: v12, wire: "MESSAGE\na:b\rc\n\n\x00", err: frame.ErrStrayCR, at: 11},
	{name: "CR alone is refused in a 1.2 name", version: v12, wire: "MESSAGE\na\rb:c\n\n\x00", err: frame.ErrStrayCR, at: 9},
	{name: "CR CR LF is refused in 1.2", version: v12, wire: "MESSAGE\na:b\r\r\n\n\x00", err: frame.ErrStrayCR, at: 11},
	{name: "CR alone is no empty line in 1.2", version: v12, wire: "MESSAGE\n\rx\x00", err: frame.ErrStrayCR, at: 8},
	{name: "EOLs may precede a frame", version: v12, wire: "\n\r\n\nMESSAGE\n\n\x00", frames: []string{"MESSAGE"}},
	{name: "EOLs may follow a frame", version: v12, wire: "MESSAGE\n\n\x00\n\r\n\nRECEIPT\n\n\x00\n", frames: []string{"MESSAGE", "RECEIPT"}},
	{name: "CR LF may stand between frames in 1.0", version: v10, wire: "\r\nMESSAGE\n\n\x00\r\n", frames: []string{"MESSAGE"}},
	{name: "CR LF may stand between frames in 1.1", version: v11, wire: "\r\nMESSAGE\n\n\x00\r\n", frames: []string{"MESSAGE"}},
	{name: "CR alone may not stand between frames", version: v11, wire: "\n\rMESSAGE\n\n\x00", err: frame.ErrStrayCR, at: 1},
	{name: "frames may follow each other without EOL", version: v12, wire: "MESSAGE\n\na\x00MESSAGE\n\nb\x00", frames: []string{"MESSAGE |a", "MESSAGE |b"}},
}

func TestLineEnd(t *testing.T) { run(t, lineEndRules) }

var commandRules = []rule{
	{name: "every command is known", version: v12, wire: everyCommand("\n\n\x00"), frames: strings.Fields(everyCommand(" "))},
	{name: "every command is known with CR LF", version: v12, wire: everyCommand("\r\n\r\n\x00"), frames: strings.Fields(everyCommand(" "))},
	{name: "commands are case-sensitive", version: v12, wire: "message\n\n\x00", err: frame.ErrBadCommand},
	{name: "a command has no blanks around it", version: v12, wire: "MESSAGE \n\n\x00", err: frame.ErrBadCommand},
	{name: "a command has no blanks before it", version: v12, wire: " MESSAGE\n\n\x00", err: frame.ErrBadCommand},
	{name: "an unknown command is refused", version: v12, wire: "MESSAGE\n\n\x00PUBLISH\n\n\x00", frames: []string{"MESSAGE"}, err: frame.ErrBadCommand, at: 10},
	{name: "a command with CR is unknown in 1.1", version: v11, wire: "MESSAGE\r\n\n\x00", err: frame.ErrBadCommand},
	{name: "a command with CR is unknown in 1.0", version: v10, wire: "SEND\r\n\n\x00", err: frame.ErrBadCommand},
	{name: "a command with two CRs is unknown", version: v12, wire: "SEND\r\r\n\n\x00", err: frame.ErrBadCommand},
	{name: "NUL may not precede a frame", version: v12, wire: "\x00MESSAGE\n\n\x00", err: frame.ErrNULInHeader},
	{name: "NUL may not stand in the command line", version: v12, wire: "MESS\x00AGE\n\n\x00", err: frame.ErrNULInHeader, at: 4},
	{name: "HTTP is refused", version: none, wire: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", err: frame.ErrBadCommand},
	{name: "TLS is refused", version: none, wire: "\x16\x03\x01\x00\xf4\x01", err: frame.ErrNULInHeader, at: 3},
}

func everyCommand(behind string) (s string) {
	for c := frame.CmdConnect; c.String() != ""; c++ {
		s += c.String() + behind
	}
	return s
}

func TestCommand(t *testing.T) { run(t, commandRules) }

var handshakeRules = []rule{
	{name: "CONNECTED is never unescaped", version: none, wire: "CONNECTED\nserver:a\\tb\\\\\n\n\x00", frames: []string{`CONNECTED server="a\\tb\\\\"`}},
	{name: "CONNECT is never unescaped", version: none, wire: "CONNECT\npasscode:\\c\\x\\\n\n\x00", frames: []string{`CONNECT passcode="\\c\\x\\"`}},
	{name: "STOMP is never unescaped", version: none, wire: "STOMP\npasscode:\\n\n\n\x00", frames: []string{`STOMP passcode="\\n"`}},
	{name: "CONNECTED is never unescaped in 1.2", version: v12, wire: "CONNECTED\nserver:\\c\n\n\x00", frames: []string{`CONNECTED server="\\c"`}},
	{name: "CONNECTED may have CR LF in any version", version: v11, wire: "CONNECTED\r\nversion:1.1\r\n\r\n\x00", frames: []string{"CONNECTED version=1.1"}},
	{name: "CONNECT may have CR LF in any version", version: v10, wire: "CONNECT\r\nhost:/\r\n\r\n\x00", frames: []string{"CONNECT host=/"}},
	{name: "CONNECTED may not have CR alone", version: v11, wire: "CONNECTED\na:\rb\n\n\x00", err: frame.ErrStrayCR, at: 12},
	{name: "CONNECT has no body", version: none, wire: "CONNECT\n\nx\x00", err: frame.ErrBodyNotAllowed, at: 9},
}

func TestHandshake(t *testing.T) { run(t, handshakeRules) }

var headerRules = []rule{
	{name: "a value may be empty", version: v12, wire: "MESSAGE\na:\nb:\n\n\x00", frames: []string{"MESSAGE a= b="}},
	{name: "a value may be empty before CR LF", version: v12, wire: "MESSAGE\na:\r\n\n\x00", frames: []string{"MESSAGE a="}},
	{name: "a value may be empty in 1.0", version: v10, wire: "MESSAGE\na:\n\n\x00", frames: []string{"MESSAGE a="}},
	{name: "a value may have raw colons", version: v12, wire: "MESSAGE\na::b:c:\n\n\x00", frames: []string{"MESSAGE a=:b:c:"}},
	{name: "a value may have raw colons in 1.0", version: v10, wire: "MESSAGE\na:b:c\n\n\x00", frames: []string{"MESSAGE a=b:c"}},
	{name: "nothing is trimmed in 1.2", version: v12, wire: "MESSAGE\n a : b \n\n\x00", frames: []string{`MESSAGE " a "=" b "`}},
	{name: "nothing is trimmed in 1.1", version: v11, wire: "MESSAGE\n a : b \n\n\x00", frames: []string{`MESSAGE " a "=" b "`}},
	{name: "nothing is trimmed in 1.0", version: v10, wire: "MESSAGE\na: b\n\n\x00", frames: []string{`MESSAGE a=" b"`}},
	{name: "names are case-sensitive", version: v12, wire: "MESSAGE\nContent-Length:x\n\n\x00", frames: []string{"MESSAGE Content-Length=x"}},
	{name: "repeated lines are kept in order", version: v12, wire: "MESSAGE\na:1\nb:2\na:3\n\n\x00", frames: []string{"MESSAGE a=1 b=2 a=3"}},
	{name: "a name may not be empty", version: v12, wire: "MESSAGE\nx:y\n:b\n\n\x00", err: frame.ErrEmptyName, at: 12},
	{name: "a name may not be empty in 1.0", version: v10, wire: "MESSAGE\n:b\n\n\x00", err: frame.ErrEmptyName, at: 8},
	{name: "a line without colon is refused", version: v12, wire: "MESSAGE\nabc\n\n\x00", err: frame.ErrNoColon, at: 11},
	{name: "a line without colon before CR LF is refused", version: v12, wire: "MESSAGE\nabc\r\n\n\x00", err: frame.ErrNoColon, at: 11},
	{name: "NUL may not stand in a name", version: v12, wire: "MESSAGE\na\x00b:c\n\n\x00", err: frame.ErrNULInHeader, at: 9},
	{name: "NUL may not stand in a value", version: v10, wire: "MESSAGE\na:\x00\n\n\x00", err: frame.ErrNULInHeader, at: 10},
	{name: "NUL may not end a header block", version: v12, wire: "MESSAGE\na:b\n\x00", err: frame.ErrNULInHeader, at: 12},
	{name: "a long line crosses blocks", version: v12, wire: "MESSAGE\n" + strings.Repeat("n", 200) + ":" + strings.Repeat("v", 300) + "\nb:c\n\n\x00",
		frames: []string{"MESSAGE " + strings.Repeat("n", 200) + "=" + strings.Repeat("v", 300) + " b=c"}},
	{name: "many short lines fill blocks", version: v12, wire: "MESSAGE\n" + strings.Repeat("a:\n", 100) + "\n\x00",
		frames: []string{"MESSAGE" + strings.Repeat(" a=", 100)}},
}

func TestHeader(t *testing.T) { run(t, headerRules) }
