package parser_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
)

var escapeRules = []rule{
	{name: "1.2 resolves its four escapes in values", version: v12, wire: `MESSAGE|a:\n\c\\\r||`, frames: []string{`MESSAGE a="\n:\\\r"`}},
	{name: "1.2 resolves its four escapes in names", version: v12, wire: `MESSAGE|\n\c\\\r:b||`, frames: []string{`MESSAGE "\n:\\\r"=b`}},
	{name: "1.2 rules hold before a version is agreed on", version: none, wire: `SEND|a:\r||`, frames: []string{`SEND a="\r"`}},
	{name: "1.1 resolves its three escapes", version: v11, wire: `MESSAGE|a\c:\n\c\\||`, frames: []string{`MESSAGE a:="\n:\\"`}},
	{name: "1.1 has no escape for CR", version: v11, wire: `MESSAGE|a:\r||`, err: frame.ErrBadEscape, at: 10},
	{name: "1.0 has no escapes", version: v10, wire: `MESSAGE|a\c:\n\t\||`, frames: []string{`MESSAGE "a\\c"="\\n\\t\\"`}},
	{name: "an undefined escape in a value is fatal", version: v12, wire: `MESSAGE|a:b\tc||`, err: frame.ErrBadEscape, at: 11},
	{name: "an undefined escape in a name is fatal", version: v12, wire: `MESSAGE|a\tb:c||`, err: frame.ErrBadEscape, at: 9},
	{name: "an undefined escape is fatal in 1.1", version: v11, wire: `MESSAGE|a:\0||`, err: frame.ErrBadEscape, at: 10},
	{name: "escapes are case-sensitive", version: v12, wire: `MESSAGE|a:\N||`, err: frame.ErrBadEscape, at: 10},
	{name: "a backslash may not end a value", version: v12, wire: `MESSAGE|a:b\||`, err: frame.ErrBadEscape, at: 11},
	{name: "a backslash may not end a value before CR LF", version: v12, wire: "MESSAGE|a:b\\\r||", err: frame.ErrBadEscape, at: 11},
	{name: "a backslash may not end a name", version: v12, wire: `MESSAGE|a\:b||`, err: frame.ErrBadEscape, at: 9},
	{name: "escapes are resolved once", version: v12, wire: `MESSAGE|a:\\n\\\\c||`, frames: []string{`MESSAGE a="\\n\\\\c"`}},
	{name: "other lines of a frame with escapes keep their text", version: v12, wire: `MESSAGE|a:1|b:2\c3|c:4|\cd\c:|e:5||body\n`,
		frames: []string{`MESSAGE a=1 b=2:3 c=4 :d:= e=5 |"body\\n"`}},
	{name: "escapes cross blocks", version: v12, wire: `MESSAGE|a:` + strings.Repeat(`x\c\\`, 60) + `|b:c||`,
		frames: []string{`MESSAGE a="` + strings.Repeat(`x:\\`, 60) + `" b=c`}},
}

func init() {
	// In this table | is LF and each frame ends in NUL, so that only the escapes
	// themselves have backslashes.
	for i := range escapeRules {
		r := &escapeRules[i]
		r.wire = strings.ReplaceAll(r.wire, "|", "\n") + "\x00"
	}
}

func TestEscape(t *testing.T) { run(t, escapeRules) }

var textRules = []rule{
	{name: "headers are UTF-8 in 1.2", version: v12, wire: "MESSAGE\n\u00e4:\u20ac\U0001f600\ufffd\n\n\x00", frames: []string{"MESSAGE \u00e4=\u20ac\U0001f600\ufffd"}},
	{name: "headers are UTF-8 in 1.1", version: v11, wire: "MESSAGE\n\u00e4:\u20ac\U0001f600\n\n\x00", frames: []string{"MESSAGE \u00e4=\u20ac\U0001f600"}},
	{name: "the ends of the ranges of UTF-8 are UTF-8", version: v12, wire: "MESSAGE\na:\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff\n\n\x00",
		frames: []string{"MESSAGE a=" + strconv.Quote("\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff")}},
	{name: "UTF-8 crosses blocks", version: v12, wire: "MESSAGE\na:" + strings.Repeat("\u20ac", 50) + "\n\n\x00", frames: []string{"MESSAGE a=" + strings.Repeat("\u20ac", 50)}},
	{name: "a lone continuation is refused", version: v12, wire: "MESSAGE\na:x\x80\n\n\x00", err: frame.ErrBadUTF8, at: 11},
	{name: "a sequence cut short by LF is refused", version: v11, wire: "MESSAGE\na:\xe2\x82\n\n\x00", err: frame.ErrBadUTF8, at: 10},
	{name: "a sequence cut short by a colon is refused", version: v12, wire: "MESSAGE\na\xc3:b\n\n\x00", err: frame.ErrBadUTF8, at: 9},
	{name: "an overlong form of two octets is refused", version: v12, wire: "MESSAGE\na:\xc1\xbf\n\n\x00", err: frame.ErrBadUTF8, at: 10},
	{name: "an overlong form of three octets is refused", version: v12, wire: "MESSAGE\na:\xe0\x9f\xbf\n\n\x00", err: frame.ErrBadUTF8, at: 10},
	{name: "an overlong form of four octets is refused", version: v12, wire: "MESSAGE\na:\xf0\x8f\xbf\xbf\n\n\x00", err: frame.ErrBadUTF8, at: 10},
	{name: "a surrogate is refused", version: v12, wire: "MESSAGE\na:\xed\xa0\x80\n\n\x00", err: frame.ErrBadUTF8, at: 10},
	{name: "more than U+10FFFF is refused", version: v12, wire: "MESSAGE\na:\xf4\x90\x80\x80\n\n\x00", err: frame.ErrBadUTF8, at: 10},
	{name: "Latin-1 is refused before a version is agreed on", version: none, wire: "CONNECT\nlogin:\xe4\n\n\x00", err: frame.ErrBadUTF8, at: 14},
	{name: "1.0 keeps octets as they are", version: v10, wire: "MESSAGE\n\xff:\xc3\x28\x80\n\n\x00", frames: []string{`MESSAGE "\xff"="\xc3(\x80"`}},
	{name: "a body may be anything", version: v12, wire: "MESSAGE\n\n\xff\xfe\r\\\x00", frames: []string{`MESSAGE |"\xff\xfe\r\\"`}},
}

func TestText(t *testing.T) { run(t, textRules) }
