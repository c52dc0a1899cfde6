package parser_test

import (
	"errors"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

func TestParserNeed(t *testing.T) {
	const wire = "MESSAGE\ncontent-length:5\n\nhello\x00"
	for _, c := range []struct {
		have, need int
	}{
		{0, 1}, // anything at all
		{3, 3}, // LF, LF and NUL
		{8, 2}, // LF and NUL
		{25, 7},
		{26, 6}, // from here on the header block is complete, and Need exact
		{30, 2},
		{31, 1},
	} {
		var p parser.Parser
		if _, n, err := p.Parse([]byte(wire[:c.have])); n != 0 || err != parser.ErrIncomplete || p.Need() != c.need {
			t.Errorf("with %d bytes: n %d, error %v, need %d, want %d", c.have, n, err, p.Need(), c.need)
		}
	}
}

func TestParserNeedOfUncountedBody(t *testing.T) {
	var p parser.Parser
	_, _, err := p.Parse([]byte("MESSAGE\n\nhel"))
	if err != parser.ErrIncomplete || p.Need() != 1 {
		t.Errorf("error %v, need %d", err, p.Need())
	}
}

func TestParserCounts(t *testing.T) {
	var p parser.Parser
	data := []byte("\n\r\nMESSAGE\n\n\x00\n\n")
	_, n, err := p.Parse(data)
	if err != nil || n != 13 || p.Offset() != 13 || p.HeartBeats() != 2 {
		t.Fatalf("n %d, error %v, offset %d, heart-beats %d", n, err, p.Offset(), p.HeartBeats())
	}
	_, n, err = p.Parse(data[n:])
	if err != parser.ErrIncomplete || n != 2 || p.Offset() != 15 || p.HeartBeats() != 3 {
		t.Fatalf("n %d, error %v, offset %d, heart-beats %d", n, err, p.Offset(), p.HeartBeats())
	}
	if p.Reset(); p.Offset() != 0 || p.HeartBeats() != 0 {
		t.Fatalf("after Reset: offset %d, heart-beats %d", p.Offset(), p.HeartBeats())
	}
}

func TestParserErrorIsSticky(t *testing.T) {
	var p parser.Parser
	_, n, first := p.Parse([]byte("\n\nbad\n"))
	if n != 0 || !errors.Is(first, frame.ErrBadCommand) || !errors.Is(first, frame.ErrProtocol) {
		t.Fatalf("n %d, error %v", n, first)
	}
	for _, data := range []string{"", "\n", "MESSAGE\n\n\x00"} {
		if f, n, err := p.Parse([]byte(data)); f != nil || n != 0 || err != first {
			t.Fatalf("%q: frame %v, n %d, error %v", data, f, n, err)
		}
	}
	p.Reset()
	if _, _, err := p.Parse([]byte("MESSAGE\n\n\x00")); err != nil {
		t.Fatalf("after Reset: %v", err)
	}
}

func TestParserResetForgetsAnUnfinishedFrame(t *testing.T) {
	var p parser.Parser
	for _, head := range []string{"MESS", "MESSAGE\na:b\nc", "MESSAGE\na:\\", "MESSAGE\n\nbody", "MESSAGE\ncontent-length:9\n\nx"} {
		if _, _, err := p.Parse([]byte(head)); err != parser.ErrIncomplete {
			t.Fatal(err)
		}
		p.Reset()
		f, _, err := p.Parse([]byte("RECEIPT\nreceipt-id:1\n\n\x00"))
		if err != nil || draw(f) != "RECEIPT receipt-id=1" {
			t.Fatalf("after %q and Reset: %v, %v", head, f, err)
		}
	}
}

func TestParserErrorNamesTheCommand(t *testing.T) {
	for _, c := range []struct{ wire, text string }{
		{"MESSAGE\nx\n", "stomp: header line without colon in MESSAGE frame at offset 9"},
		{"PUBLISH\n", "stomp: unknown command at offset 0"},
		{"SEND\ncontent-length:99999999\n", "stomp: body exceeds 16777216 bytes at offset 20"},
	} {
		var p parser.Parser
		if _, _, err := p.Parse([]byte(c.wire)); err == nil || err.Error() != c.text {
			t.Errorf("%q: %v, want %s", c.wire, err, c.text)
		}
	}
}

// TestParserFieldsTakeEffectWithTheNextFrame changes every field in the middle of
// a frame.
func TestParserFieldsTakeEffectWithTheNextFrame(t *testing.T) {
	const wire = "MESSAGE\na:\\r\n\n12345678\x00MESSAGE\na:\\r\n\n12345678\x00"
	var p parser.Parser
	p.Version = v12
	if _, _, err := p.Parse([]byte(wire[:9])); err != parser.ErrIncomplete {
		t.Fatal(err)
	}
	p.Version, p.Tolerate, p.Limits.Body = v11, parser.TolerateCarriageReturnEscape11, 7
	f, n, err := p.Parse([]byte(wire))
	if err != nil || draw(f) != `MESSAGE a="\r" |12345678` {
		t.Fatalf("%v, %v", f, err)
	}
	if _, _, err := p.Parse([]byte(wire[n:])); !errors.Is(err, frame.ErrBodyTooLong) {
		t.Fatalf("the tolerance or the limit did not take effect: %v", err)
	}
}

// TestParserFrameDoesNotReachBeyondItself: appending to what a frame shows never
// overwrites what lies behind.
func TestParserFrameDoesNotReachBeyondItself(t *testing.T) {
	const wire = "MESSAGE\na:b\nc:d\n\nbody\x00rest"
	data := []byte(wire)
	var p parser.Parser
	f, _, err := p.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	name, value := f.Header.At(0)
	_, _, _ = append(name, "xx"...), append(value, "xx"...), append(f.Body, "xx"...)
	if string(data) != wire {
		t.Fatalf("now %q", data)
	}
}

// TestParserMemoryShrinks: what one unusual frame took is not kept for ever.
func TestParserMemoryShrinks(t *testing.T) {
	p := parser.Parser{Limits: frame.Limits{Headers: 5000, HeaderBlock: 1 << 20}}
	large := []byte("MESSAGE\n")
	for range 4000 {
		large = append(large, "name:\\c\n"...)
	}
	large = append(large, "\n\x00"...)
	small := []byte("MESSAGE\na:\\c\n\n\x00")
	parse := func(data []byte) {
		if _, _, err := p.Parse(data); err != nil {
			t.Fatal(err)
		}
	}
	parse(large)
	parse(small)
	parse(small)
	if got := parser.Memory(&p); got > 16<<10 {
		t.Fatalf("%d bytes are kept", got)
	}
}
