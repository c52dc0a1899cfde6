package parser_test

import (
	"errors"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// FuzzParse: whatever the bytes, version, tolerances and limits, the parser does
// not panic, keeps what it promises of its results, and never goes back.
func FuzzParse(f *testing.F) {
	for i, c := range valid {
		f.Add([]byte(c.wire), uint8(c.version), uint8(i), i%2 == 0)
	}
	for i, c := range invalid {
		f.Add([]byte(c.wire), uint8(c.version), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, version, tolerate uint8, small bool) {
		p := parser.Parser{Version: frame.Version(version & 3), Tolerate: parser.Tolerance(tolerate)}
		if small {
			p.Limits = frame.Limits{Command: 12, HeaderLine: 80, Headers: 8, HeaderBlock: 300, Body: 200}
		}
		for {
			before := p.Offset()
			f, n, err := p.Parse(data)
			if n < 0 || n > len(data) {
				t.Fatalf("n = %d of %d bytes", n, len(data))
			}
			switch {
			case err == nil:
				checkFrame(t, &p, f, data[:n])
			case err == parser.ErrIncomplete:
				if f != nil || p.Need() < 1 {
					t.Fatalf("incomplete: frame %v, need %d", f, p.Need())
				}
			default:
				checkFatal(t, &p, err, before+int64(len(data)))
			}
			if err != nil {
				return
			}
			if p.Offset() != before+int64(n) {
				t.Fatalf("offset %d after %d bytes from %d", p.Offset(), n, before)
			}
			data = data[n:]
		}
	})
}

// checkFrame reads all that f shows. wire is what was consumed.
func checkFrame(t *testing.T, p *parser.Parser, f *frame.Frame, wire []byte) {
	t.Helper()
	l := p.Limits.WithDefaults()
	size := len(f.Body)
	for name, value := range f.Header.All() {
		size += len(name) + len(value) + 2
		if len(name) == 0 || len(name)+len(value)+1 > l.HeaderLine {
			t.Fatalf("header line %q:%q", name, value)
		}
	}
	if f.Command == frame.CmdNone || size >= len(wire) || wire[len(wire)-1] != 0 {
		t.Fatalf("frame %v of %q", f, wire)
	}
	if f.Header.Len() > l.Headers || len(f.Body) > l.Body {
		t.Fatalf("frame beyond the limits: %v", f)
	}
}

func checkFatal(t *testing.T, p *parser.Parser, err error, end int64) {
	t.Helper()
	var syntax *frame.SyntaxError
	var limit *frame.LimitError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &limit):
		offset = limit.Offset
	}
	if offset < p.Offset() || offset >= end || !errors.Is(err, frame.ErrProtocol) {
		t.Fatalf("error %v in a stream of %d bytes", err, end)
	}
	if _, n, again := p.Parse([]byte("\n")); again != err || n != 0 {
		t.Fatalf("after %v: %d, %v", err, n, again)
	}
}
