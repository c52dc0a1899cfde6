package peers

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
)

// decoder reads one op's worth of a case: a frame, or for heartbeats all EOLs.
type decoder struct {
	decode func() error
	// result returns the last frame.
	result func() plain
	close  func()
}

// plain is a frame that every decoder can be compared with.
type plain struct {
	command string
	fields  []frame.Field
	body    []byte
}

var decoders = []struct {
	name string
	open func(tb testing.TB, c cases.DecodeCase) decoder
	can  func(c cases.DecodeCase) bool
}{
	{"stompwire", stompwireDecoder, all},
	{"stompwire-reader", stompwireReader, hasFrame},
	{"go-stomp", goStompDecoder, all},
	{"stompngo", stompngoDecoder, hasFrame},
	{"naive", naiveDecoder, hasFrame},
}

func all(cases.DecodeCase) bool { return true }

// hasFrame: the others return only when they have a frame, and no count of EOLs.
func hasFrame(c cases.DecodeCase) bool { return c.Frames > 0 }

// BenchmarkDecode measures one frame that lies in memory.
//
//   - stompwire is the parser over the bytes; stompwire-reader is the parser behind
//     an io.Reader, and go-stomp its frame.Reader over the same io.Reader.
//   - stompngo has no reader of its own: the row is a connection over that
//     io.Reader, up to the channel of a subscription, and the work of two goroutines.
//   - naive finds the lines with IndexByte, and checks and unescapes nothing.
func BenchmarkDecode(b *testing.B) {
	for _, c := range cases.Decode {
		for _, impl := range decoders {
			if !impl.can(c) {
				continue
			}
			b.Run("frame="+c.Name+"/impl="+impl.name, func(b *testing.B) {
				d := impl.open(b, c)
				defer d.close()
				b.ReportAllocs()
				b.SetBytes(int64(len(c.Wire)))
				cpu := cpuTime(b)
				for b.Loop() {
					if err := d.decode(); err != nil {
						b.Fatal(err)
					}
				}
				cpu()
				check(b, c, d.result(), impl.name)
			})
		}
	}
}

func TestDecoders(t *testing.T) {
	for _, c := range cases.Decode {
		for _, impl := range decoders {
			if !impl.can(c) {
				continue
			}
			t.Run("frame="+c.Name+"/impl="+impl.name, func(t *testing.T) {
				d := impl.open(t, c)
				defer d.close()
				for range 100 {
					if err := d.decode(); err != nil {
						t.Fatal(err)
					}
					check(t, c, d.result(), impl.name)
				}
			})
		}
	}
}

// check compares a frame with the text of the case, taken apart by package strings.
func check(tb testing.TB, c cases.DecodeCase, got plain, impl string) {
	tb.Helper()
	if c.Frames == 0 {
		if got.command != "" {
			tb.Fatalf("a frame where there are only EOLs: %s", got.command)
		}
		return
	}
	head, body, _ := strings.Cut(string(c.Wire), "\n\n")
	lines := strings.Split(head, "\n")
	if got.command != lines[0] {
		tb.Fatalf("command %q, want %q", got.command, lines[0])
	}
	if len(got.fields) != len(lines)-1 {
		tb.Fatalf("%d headers, want %d", len(got.fields), len(lines)-1)
	}
	unescape := strings.NewReplacer(`\c`, ":", `\n`, "\n", `\r`, "\r", `\\`, `\`)
	if impl == "naive" {
		unescape = strings.NewReplacer()
	}
	for i, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		want := frame.Field{Name: unescape.Replace(name), Value: unescape.Replace(value)}
		if got.fields[i] != want {
			tb.Fatalf("header %d is %q, want %q", i, got.fields[i], want)
		}
	}
	if want := strings.TrimSuffix(body, "\x00"+strings.Repeat("\n", c.EOLs)); !bytes.Equal(got.body, []byte(want)) {
		tb.Fatalf("body of %d bytes is not the one of %d bytes that was sent", len(got.body), len(want))
	}
}
