package parser_test

import (
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

const everything = parser.TolerateCarriageReturnEscape11 | parser.TolerateEscapes10 | parser.TolerateUndefinedEscapes |
	parser.TolerateInvalidUTF8 | parser.TolerateLeadingSpace10

var toleranceRules = []rule{
	{name: "CarriageReturnEscape11 resolves the escape for CR on 1.1", version: v11, tolerate: parser.TolerateCarriageReturnEscape11,
		wire: "MESSAGE\na:x\\ry\n\n\x00", frames: []string{`MESSAGE a="x\ry"`}},
	{name: "CarriageReturnEscape11 leaves other escapes fatal", version: v11, tolerate: parser.TolerateCarriageReturnEscape11,
		wire: "MESSAGE\na:\\t\n\n\x00", err: frame.ErrBadEscape, at: 10},
	{name: "Escapes10 resolves escapes on 1.0", version: v10, tolerate: parser.TolerateEscapes10,
		wire: "MESSAGE\nmessage-id:a\\cb\\n\\r\\\\\n\n\x00", frames: []string{`MESSAGE message-id="a:b\n\r\\"`}},
	{name: "Escapes10 does not touch CONNECTED", version: v10, tolerate: parser.TolerateEscapes10,
		wire: "CONNECTED\nsession:a\\cb\n\n\x00", frames: []string{`CONNECTED session="a\\cb"`}},
	{name: "Escapes10 makes undefined escapes fatal", version: v10, tolerate: parser.TolerateEscapes10,
		wire: "MESSAGE\na:\\t\n\n\x00", err: frame.ErrBadEscape, at: 10},
	{name: "UndefinedEscapes keeps a backslash and its letter", version: v12, tolerate: parser.TolerateUndefinedEscapes,
		wire: "MESSAGE\na\\tb:\\c\\x\\\\\\\n\n\x00", frames: []string{`MESSAGE "a\\tb"=":\\x\\\\"`}},
	{name: "UndefinedEscapes keeps a backslash before a colon", version: v12, tolerate: parser.TolerateUndefinedEscapes,
		wire: "MESSAGE\na\\:b\\:c\n\n\x00", frames: []string{`MESSAGE "a\\"="b\\:c"`}},
	{name: "UndefinedEscapes keeps a backslash before CR LF", version: v12, tolerate: parser.TolerateUndefinedEscapes,
		wire: "MESSAGE\r\na:b\\\r\n\r\n\x00", frames: []string{`MESSAGE a="b\\"`}},
	{name: "UndefinedEscapes keeps the escape for CR on 1.1", version: v11, tolerate: parser.TolerateUndefinedEscapes,
		wire: "MESSAGE\na:\\r\n\n\x00", frames: []string{`MESSAGE a="\\r"`}},
	{name: "UndefinedEscapes still checks UTF-8", version: v12, tolerate: parser.TolerateUndefinedEscapes,
		wire: "MESSAGE\na:\\\x80\n\n\x00", err: frame.ErrBadUTF8, at: 11},
	{name: "InvalidUTF8 keeps octets as they are", version: v12, tolerate: parser.TolerateInvalidUTF8,
		wire: "MESSAGE\na:\xff\\c\xc3\n\n\x00", frames: []string{`MESSAGE a="\xff:\xc3"`}},
	{name: "LeadingSpace10 drops blanks before a value", version: v10, tolerate: parser.TolerateLeadingSpace10,
		wire: "MESSAGE\na:  b c \n d: \ne:f\n\n\x00", frames: []string{`MESSAGE a="b c " " d"= e=f`}},
	{name: "LeadingSpace10 applies to content-length", version: v10, tolerate: parser.TolerateLeadingSpace10,
		wire: "MESSAGE\ncontent-length: 2\n\nhi\x00", frames: []string{`MESSAGE content-length=2 |hi`}},
	{name: "LeadingSpace10 points at what is behind the blanks", version: v10, tolerate: parser.TolerateLeadingSpace10,
		wire: "MESSAGE\ncontent-length:  x\n\nhi\x00", err: frame.ErrBadContentLength, at: 25},
	{name: "LeadingSpace10 with Escapes10", version: v10, tolerate: parser.TolerateLeadingSpace10 | parser.TolerateEscapes10,
		wire: "MESSAGE\na\\c: \\c b\nc: d\n\n\x00", frames: []string{`MESSAGE a:=": b" c=d`}},
	{name: "the tolerances for 1.0 do not touch 1.1", version: v11, tolerate: parser.TolerateEscapes10 | parser.TolerateLeadingSpace10,
		wire: "MESSAGE\na: b\\c\n\n\x00", frames: []string{`MESSAGE a=" b:"`}},
	{name: "the tolerance for 1.1 does not touch 1.0", version: v10, tolerate: parser.TolerateCarriageReturnEscape11,
		wire: "MESSAGE\na:\\r\n\n\x00", frames: []string{`MESSAGE a="\\r"`}},
	{name: "all tolerances leave the grammar strict", version: v12, tolerate: everything,
		wire: "MESSAGE\na:b\rc\n\n\x00", err: frame.ErrStrayCR, at: 11},
	{name: "all tolerances leave content-length strict", version: v11, tolerate: everything,
		wire: "MESSAGE\ncontent-length: 2\n\nhi\x00", err: frame.ErrBadContentLength, at: 23},
}

func TestTolerate(t *testing.T) { run(t, toleranceRules) }
