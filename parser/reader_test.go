package parser_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

func TestReaderSources(t *testing.T) {
	const wire = "\nMESSAGE\na:b\n\nhello\x00\nMESSAGE\ncontent-length:2\n\nhi\x00\n\n"
	for name, src := range map[string]io.Reader{
		"whole":        strings.NewReader(wire),
		"by octet":     iotest.OneByteReader(strings.NewReader(wire)),
		"by half":      iotest.HalfReader(strings.NewReader(wire)),
		"data and EOF": iotest.DataErrReader(strings.NewReader(wire)),
	} {
		r := parser.NewReader(src)
		var d drawing
		f, err := r.Next()
		for ; err == nil; f, err = r.Next() {
			_ = d.OnFrame(f)
		}
		if got := strings.Join(d.frames, "; "); err != io.EOF || got != "MESSAGE a=b |hello; MESSAGE content-length=2 |hi" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if r.Offset() != int64(len(wire)) || r.HeartBeats() != 2 {
			t.Errorf("%s: offset %d, heart-beats %d", name, r.Offset(), r.HeartBeats())
		}
		if _, again := r.Next(); again != io.EOF {
			t.Errorf("%s: after EOF %v", name, again)
		}
	}
}

func TestReaderEndInsideFrame(t *testing.T) {
	r := parser.NewReader(strings.NewReader("\nMESSAGE\n\nhel"))
	for range 2 {
		_, err := r.Next()
		var end *parser.EndError
		if !errors.As(err, &end) || end.Offset != 13 || end.Command != frame.CmdMessage || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	}
}

func TestReaderSourceError(t *testing.T) {
	broken := errors.New("cable cut")
	r := parser.NewReader(io.MultiReader(strings.NewReader("MESSAGE\n\na\x00MESS"), iotest.ErrReader(broken)))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != broken {
		t.Fatal(err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestReaderNoProgress(t *testing.T) {
	if _, err := parser.NewReader(idle{}).Next(); err != io.ErrNoProgress {
		t.Fatal(err)
	}
}

func TestReaderVersionBetweenFrames(t *testing.T) {
	r := parser.NewReader(strings.NewReader("CONNECTED\nversion:1.1\n\n\x00MESSAGE\na:b\r\n\n\x00"))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	r.Version = v11
	f, err := r.Next()
	if err != nil || draw(f) != `MESSAGE a="b\r"` {
		t.Fatalf("%v, %v", f, err)
	}
}

// TestReaderLargeFrames: the buffer grows for a large body and serves small frames
// behind it.
func TestReaderLargeFrames(t *testing.T) {
	wire := strings.Repeat("MESSAGE\n\n"+x(1<<20)+"\x00"+strings.Repeat("MESSAGE\n\nsmall\x00\n", 1000), 3)
	r := parser.NewReader(strings.NewReader(wire))
	large, small := 0, 0
	for {
		f, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case string(f.Body) == "small":
			small++
		case len(f.Body) == 1<<20:
			large++
		}
	}
	if large != 3 || small != 3000 {
		t.Fatalf("%d large and %d small frames", large, small)
	}
}

// TestReaderMemoryShrinks: the buffer of one unusual frame is not kept for ever.
func TestReaderMemoryShrinks(t *testing.T) {
	small := "MESSAGE\n\nsmall\x00"
	r := parser.NewReader(io.MultiReader( // which reads from one of them at a time
		strings.NewReader("MESSAGE\n\n"+x(1<<20)+"\x00"), strings.NewReader(small), strings.NewReader(small)))
	for range 3 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if got := parser.BufferSize(r); got > 256<<10 {
		t.Fatalf("%d bytes are kept", got)
	}
}
