package fuzz

import (
	"bytes"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
	"github.com/stompwire/stompwire/writer"
)

// FuzzRoundTrip: what the writer writes, in any version, a strict parser reads
// back: the same command, headers and body, to the last byte and no further.
func FuzzRoundTrip(f *testing.F) {
	for v := range uint8(4) {
		for c := range uint8(16) {
			f.Add(v, c, "destination", "/queue/a", "k:\\\n\r", "v:\\\n", []byte("hi\x00"), false)
			f.Add(v, c, "passcode", `p\n:c`, "größe", "10 €", []byte(nil), false)
			f.Add(v, c, " a ", " b ", "content-length", "2", []byte("hi"), false)
			f.Add(v, c, "latin", "\xe4", "empty", "", []byte("text"), true)
			f.Add(v, c, "cr", "at the end\r", "longer than a block of the first pass, which has 64 octets", "and its value: too", []byte("\n\n"), true)
		}
	}
	f.Fuzz(func(t *testing.T, version, command uint8, n1, v1, n2, v2 string, body []byte, noLength bool) {
		v, cmd := frame.Version(version&3), frame.Command(command%17)
		h := []frame.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}
		write := writer.AppendFrame
		if noLength {
			write = writer.AppendFrameNoLength
		}
		wire, err := write(nil, v, cmd, h, body)
		if err != nil {
			return
		}
		p := parser.Parser{Version: v}
		got, n, err := p.Parse(wire)
		if err != nil || n != len(wire) {
			t.Fatalf("%v after %d of %d bytes of %.300q", err, n, len(wire), wire)
		}
		sameFrame(t, got, cmd, h, body)
	})
}

// sameFrame compares a frame with what was written. The writer may have added
// content-length.
func sameFrame(t *testing.T, got *frame.Frame, cmd frame.Command, h []frame.Field, body []byte) {
	t.Helper()
	if got.Command != cmd || !bytes.Equal(got.Body, body) {
		t.Fatalf("read %v %.100q, wrote %v %.100q", got.Command, got.Body, cmd, body)
	}
	if extra := got.Header.Len() - len(h); extra < 0 || extra > 1 {
		t.Fatalf("read %d headers, wrote %d", got.Header.Len(), len(h))
	}
	for i := range h {
		if name, value := got.Header.At(i); string(name) != h[i].Name || string(value) != h[i].Value {
			t.Fatalf("read %q:%q, wrote %q", name, value, h[i])
		}
	}
}
