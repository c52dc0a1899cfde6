package bench

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"
)

// BenchmarkEncode measures encoding one frame into a buffer that is large enough,
// as in an outbox. stompwire-block has the headers compiled beforehand. The row
// copy is the floor: moving the finished bytes once.
func BenchmarkEncode(b *testing.B) {
	for _, c := range cases.Encode {
		b.Run("frame="+c.Name+"/impl=stompwire", func(b *testing.B) {
			encode(b, c, func(dst []byte) ([]byte, error) {
				return writer.AppendFrame(dst, frame.Version12, c.Command, c.Fields, c.Body)
			})
		})
		b.Run("frame="+c.Name+"/impl=stompwire-block", func(b *testing.B) {
			block, err := writer.Compile(frame.Version12, c.Command, c.Fields)
			if err != nil {
				b.Fatal(err)
			}
			encode(b, c, func(dst []byte) ([]byte, error) { return block.Append(dst, nil, c.Body) })
		})
		b.Run("frame="+c.Name+"/impl=copy", func(b *testing.B) {
			wire := encoded(c)
			encode(b, c, func(dst []byte) ([]byte, error) { return append(dst, wire...), nil })
		})
	}
}

func encode(b *testing.B, c cases.EncodeCase, appendTo func(dst []byte) ([]byte, error)) {
	want := encoded(c)
	dst := make([]byte, 0, 2*len(want))
	b.ReportAllocs()
	b.SetBytes(int64(len(want)))
	for b.Loop() {
		var err error
		if dst, err = appendTo(dst[:0]); err != nil {
			b.Fatal(err)
		}
	}
	if !bytes.Equal(dst, want) {
		b.Fatalf("wrote %.200q, want %.200q", dst, want)
	}
}

// encoded returns the bytes of a case, made without the writer.
func encoded(c cases.EncodeCase) []byte {
	wire := []byte(c.Command.String() + "\n")
	fields := c.Fields
	if len(c.Body) > 0 {
		fields = append(fields[:len(fields):len(fields)], frame.Field{Name: frame.HeaderContentLength, Value: strconv.Itoa(len(c.Body))})
	}
	for _, f := range fields {
		wire = frame.AppendEscaped(wire, f.Name, frame.Version12)
		wire = append(wire, ':')
		wire = frame.AppendEscaped(wire, f.Value, frame.Version12)
		wire = append(wire, '\n')
	}
	wire = append(wire, '\n')
	wire = append(wire, c.Body...)
	return append(wire, 0)
}
