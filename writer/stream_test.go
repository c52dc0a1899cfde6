package writer_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

func TestAppendHeadIsTheFrameUpToItsBody(t *testing.T) {
	eachWireCase(t, func(t *testing.T, c wireCase) {
		got, err := writer.AppendHead(nil, c.version, c.command, c.fields, int64(len(c.body)))
		check(t, got, err, c.wire[:len(c.wire)-len(c.body)-1])
	})
}

func TestWriteFromWritesWhatAppendFrameDoes(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"whole":    func(r io.Reader) io.Reader { return r },
		"halves":   iotest.HalfReader,
		"octets":   iotest.OneByteReader,
		"data+EOF": iotest.DataErrReader,
	}
	for name, reader := range readers {
		t.Run(name, func(t *testing.T) {
			eachWireCase(t, func(t *testing.T, c wireCase) {
				var w bytes.Buffer
				body := reader(strings.NewReader(c.body))
				n, err := writer.WriteFrom(&w, c.version, c.command, c.fields, body, int64(len(c.body)), make([]byte, 4096))
				check(t, w.Bytes(), err, c.wire)
				if n != int64(len(c.wire)) {
					t.Errorf("n is %d, want %d", n, len(c.wire))
				}
			})
		})
	}
}

// Body lengths around the ends of the buffer.
func TestWriteFromAtEveryEndOfTheBuffer(t *testing.T) {
	const size = 4096
	buf := make([]byte, size)
	for length := 0; length < 3*size; length++ {
		if r := length % size; r > 2 && r < size-64 {
			continue
		}
		body := bytes.Repeat([]byte{'x'}, length)
		want, err := writer.AppendFrame(nil, 0, frame.CmdSend, nil, body)
		if err != nil {
			t.Fatal(err)
		}
		var w bytes.Buffer
		_, err = writer.WriteFrom(&w, 0, frame.CmdSend, nil, bytes.NewReader(body), int64(length), buf)
		check(t, w.Bytes(), err, string(want))
	}
}

func TestWriteFromPutsASmallFrameIntoOneWrite(t *testing.T) {
	w := &countingWriter{}
	_, err := writer.WriteFrom(w, 0, frame.CmdSend, nil, strings.NewReader("small"), 5, nil)
	if err != nil || w.calls != 1 {
		t.Errorf("%d writes, %v", w.calls, err)
	}
}

func TestWriteFromSaysHowFarItCame(t *testing.T) {
	h := frame.Fields{{Name: "destination", Value: "/queue/a"}}
	broken := errors.New("broken")
	long := strings.Repeat("x", 10000)
	for _, c := range []struct {
		name    string
		body    io.Reader
		length  int64
		room    int // of the writer, -1 for no end
		cause   error
		read    int64
		written int64
		refused bool
	}{
		{"short in the first buffer", strings.NewReader("abc"), 5, -1, writer.ErrBodyTooShort, 3, 0, true},
		{"empty", strings.NewReader(""), 5, -1, writer.ErrBodyTooShort, 0, 0, true},
		{"long in the first buffer", strings.NewReader("abcdef"), 5, -1, writer.ErrBodyTooLong, 5, 0, true},
		{"long, announced as none", strings.NewReader("abcdef"), 0, -1, writer.ErrBodyTooLong, 0, 0, true},
		{"reader fails in the first buffer", iotest.ErrReader(broken), 5, -1, broken, 0, 0, true},
		{"reader fails in place of EOF", io.MultiReader(strings.NewReader("abcde"), iotest.ErrReader(broken)), 5, -1, broken, 5, 0, true},
		{"short later", strings.NewReader(long), 10001, -1, writer.ErrBodyTooShort, 10000, 8192, false},
		{"long later", strings.NewReader(long), 9999, -1, writer.ErrBodyTooLong, 9999, 8192, false},
		{"reader fails later", io.MultiReader(strings.NewReader(long[:9000]), iotest.ErrReader(broken)), 10000, -1, broken, 9000, 8192, false},
		{"writer fails at once", strings.NewReader("abcde"), 5, 0, errFull, 5, 0, false},
		{"writer fails later", strings.NewReader(long), 10000, 5000, errFull, 8192 - 48, 5000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &countingWriter{room: c.room, limited: c.room >= 0}
			n, err := writer.WriteFrom(w, 0, frame.CmdSend, h, c.body, c.length, make([]byte, 0, 4096))
			var be *writer.BodyError
			if !errors.As(err, &be) || !errors.Is(err, c.cause) {
				t.Fatalf("error %v, want a BodyError for %v", err, c.cause)
			}
			if n != c.written || be.Written != c.written || be.Read != c.read || be.Length != c.length || be.Command != frame.CmdSend {
				t.Errorf("n %d, %+v, want %d written, %d read", n, be, c.written, c.read)
			}
			if errors.Is(err, writer.ErrRefused) != c.refused {
				t.Errorf("refused: %t", !c.refused)
			}
			if w.size != int(c.written) {
				t.Errorf("the writer got %d bytes", w.size)
			}
		})
	}
}

func TestWriteFromNoticesAShortWrite(t *testing.T) {
	_, err := writer.WriteFrom(shortWriter{}, 0, frame.CmdSend, nil, strings.NewReader("x"), 1, nil)
	if !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v", err)
	}
}

var errFull = errors.New("full")

type countingWriter struct {
	calls, size, room int
	limited           bool
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.calls++
	n := len(p)
	var err error
	if w.limited && w.size+n > w.room {
		n, err = w.room-w.size, errFull
	}
	w.size += n
	return n, err
}

type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) - 1, nil }
