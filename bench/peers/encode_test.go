package peers

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/gmallard/stompngo"
	stompframe "github.com/go-stomp/stomp/v3/frame"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// encoder writes the frame of a case.
type encoder struct {
	encode func() error
	// written returns what the calls since the last written have encoded: how much
	// and, as far as it is still there, what.
	written func() (last []byte, n int64)
	close   func()
}

var encoders = []struct {
	name string
	open func(tb testing.TB, c cases.EncodeCase) encoder
	can  func(c cases.EncodeCase) bool
}{
	{"stompwire", stompwireEncoder, anyCase},
	{"stompwire-block", stompwireBlock, anyCase},
	{"go-stomp", goStompEncoder, anyCase},
	{"go-stomp-reused", goStompReused, anyCase},
	{"stompngo", stompngoEncoder, hasContentType},
	{"raw", rawEncoder, anyCase},
}

func anyCase(cases.EncodeCase) bool { return true }

// hasContentType: stompngo adds a content-type to every frame that has none, ACK
// included, and would write other bytes than the rest.
func hasContentType(c cases.EncodeCase) bool {
	_, ok := c.Fields.Lookup(frame.HeaderContentType)
	return ok
}

// BenchmarkEncode measures one frame from a list of header strings, and a body of
// which the length is not among them, to memory.
//
//   - stompwire checks and escapes all headers each time; stompwire-block did so
//     once, and writes the frame with a body that it has not seen.
//   - go-stomp makes a frame.Frame of them, as its Conn.Send does for each message,
//     and writes it with its frame.Writer; go-stomp-reused has made the frame before.
//     What they write to only counts, and so a body larger than their buffer is not
//     copied at all.
//   - stompngo has no writer of its own: the row is a connection over a writer that
//     only counts, and the work of two goroutines.
//   - raw copies the finished frame.
func BenchmarkEncode(b *testing.B) {
	for _, c := range cases.Encode {
		want := int64(len(encoded(b, c)))
		for _, impl := range encoders {
			if !impl.can(c) {
				continue
			}
			b.Run("frame="+c.Name+"/impl="+impl.name, func(b *testing.B) {
				e := impl.open(b, c)
				defer e.close()
				e.written()
				b.ReportAllocs()
				b.SetBytes(want)
				cpu := cpuTime(b)
				for b.Loop() {
					if err := e.encode(); err != nil {
						b.Fatal(err)
					}
				}
				cpu()
				if _, n := e.written(); n != want*int64(b.N) {
					b.Fatalf("%d bytes for %d frames of %d bytes", n, b.N, want)
				}
			})
		}
	}
}

func TestEncoders(t *testing.T) {
	for _, c := range cases.Encode {
		want := encoded(t, c)
		for _, impl := range encoders {
			if !impl.can(c) {
				continue
			}
			t.Run("frame="+c.Name+"/impl="+impl.name, func(t *testing.T) {
				e := impl.open(t, c)
				defer e.close()
				for range 3 {
					e.written()
					must(t, e.encode())
					if got, n := e.written(); !bytes.Equal(got, want) || n != int64(len(want)) {
						t.Fatalf("wrote %d bytes %.400q, want %d bytes %.400q", n, got, len(want), want)
					}
				}
			})
		}
	}
}

// encoded returns the bytes of a case, by go-stomp: no row is its own judge but
// that one, and the others would differ from it.
func encoded(tb testing.TB, c cases.EncodeCase) []byte {
	tb.Helper()
	var buf bytes.Buffer
	must(tb, stompframe.NewWriter(&buf).Write(goStompFrame(c)))
	return buf.Bytes()
}

func stompwireEncoder(tb testing.TB, c cases.EncodeCase) encoder {
	return appender(func(dst []byte) ([]byte, error) {
		return writer.AppendFrame(dst, frame.Version12, c.Command, c.Fields, c.Body)
	})
}

func stompwireBlock(tb testing.TB, c cases.EncodeCase) encoder {
	block, err := writer.Compile(frame.Version12, c.Command, c.Fields)
	must(tb, err)
	return appender(func(dst []byte) ([]byte, error) { return block.Append(dst, nil, c.Body) })
}

func rawEncoder(tb testing.TB, c cases.EncodeCase) encoder {
	wire := encoded(tb, c)
	return appender(func(dst []byte) ([]byte, error) { return append(dst, wire...), nil })
}

func appender(encode func(dst []byte) ([]byte, error)) encoder {
	var buf []byte
	var n int64
	return encoder{
		encode: func() (err error) {
			buf, err = encode(buf[:0])
			n += int64(len(buf))
			return err
		},
		written: func() ([]byte, int64) {
			defer func() { n = 0 }()
			return buf, n
		},
		close: func() {},
	}
}

func goStompFrame(c cases.EncodeCase) *stompframe.Frame {
	f := stompframe.New(c.Command.String())
	for _, h := range c.Fields {
		f.Header.Add(h.Name, h.Value)
	}
	if f.Body = c.Body; len(c.Body) > 0 {
		f.Header.Add(stompframe.ContentLength, strconv.Itoa(len(c.Body)))
	}
	return f
}

func goStompEncoder(tb testing.TB, c cases.EncodeCase) encoder {
	return goStompWriter(tb, func() *stompframe.Frame { return goStompFrame(c) })
}

func goStompReused(tb testing.TB, c cases.EncodeCase) encoder {
	f := goStompFrame(c)
	return goStompWriter(tb, func() *stompframe.Frame { return f })
}

func goStompWriter(tb testing.TB, next func() *stompframe.Frame) encoder {
	var d drain
	_, d.keep = tb.(*testing.T)
	w := stompframe.NewWriter(&d)
	return encoder{
		encode: func() error { return w.Write(next()) },
		written: func() ([]byte, int64) {
			defer func() { d.bytes, d.last = 0, nil }()
			return d.last, d.bytes
		},
		close: func() {},
	}
}

func stompngoEncoder(tb testing.TB, c cases.EncodeCase) encoder {
	m := newMemory(nil)
	_, m.drain.keep = tb.(*testing.T)
	conn, err := stompngo.Connect(m, stompngo.Headers{"accept-version", "1.2", "host", "/"})
	must(tb, err)
	var headers stompngo.Headers
	for _, h := range c.Fields {
		headers = append(headers, h.Name, h.Value)
	}
	return encoder{
		encode:  func() error { return conn.SendBytes(headers, c.Body) },
		written: m.written,
		close:   func() { closeStompngo(tb, conn, m) },
	}
}
