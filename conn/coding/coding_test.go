package coding_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/conn/coding"
)

var names = []string{coding.Gzip, coding.Zstd, coding.S2}

// prose compresses well, noise not at all.
var (
	prose = []byte(strings.Repeat("{\"order\":17,\"item\":\"a left-handed screwdriver\"}\n", 200))
	noise = func() []byte {
		r, b := rand.New(rand.NewPCG(1, 2)), make([]byte, 10_000)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}()
)

func encoder(t testing.TB, name string, level coding.Level) *coding.Encoder {
	t.Helper()
	e, err := coding.NewEncoder(coding.EncoderConfig{Coding: name, Level: level, MinSize: -1})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t testing.TB, name string, body []byte) []byte {
	t.Helper()
	out, ok := encoder(t, name, coding.LevelFastest).AppendEncoded(nil, body)
	if !ok {
		t.Fatalf("%s does not make %d bytes shorter", name, len(body))
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	for _, name := range names {
		for _, level := range []coding.Level{coding.LevelDefault, coding.LevelFastest, coding.LevelBetter, coding.LevelBest} {
			for _, size := range []int{300, 4000, 300_000} {
				t.Run(fmt.Sprintf("%s/%d/%d", name, level, size), func(t *testing.T) {
					body := bytes.Repeat(prose, size/len(prose)+1)[:size]
					e := encoder(t, name, level)
					encoded, ok := e.AppendEncoded([]byte("before"), body)
					if !ok || len(encoded) >= len("before")+len(body) || !bytes.HasPrefix(encoded, []byte("before")) {
						t.Fatalf("%v, %d bytes of %d", ok, len(encoded), len(body))
					}
					encoded = encoded[len("before"):]
					got, known, err := coding.Decode([]byte("before"), encoded, e.Field().Value, size)
					if err != nil || !known || string(got) != "before"+string(body) {
						t.Fatalf("%d bytes, %v, %v", len(got), known, err)
					}
					// One byte less is one too few.
					var large *coding.TooLargeError
					if _, _, err = coding.Decode(nil, encoded, name, size-1); !errors.As(err, &large) || large.Max != size-1 || large.Coding != name {
						t.Fatalf("bound of %d: %v", size-1, err)
					}
				})
			}
		}
	}
}

func TestNotWorthIt(t *testing.T) {
	for _, name := range names {
		e := encoder(t, name, coding.LevelDefault)
		for _, body := range [][]byte{nil, []byte("x"), noise} {
			if out, ok := e.AppendEncoded([]byte("dst"), body); ok || string(out) != "dst" {
				t.Errorf("%s: %d bytes become %d, %v", name, len(body), len(out), ok)
			}
		}
		least, err := coding.NewEncoder(coding.EncoderConfig{Coding: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := least.AppendEncoded(nil, prose[:511]); ok {
			t.Errorf("%s: 511 bytes are encoded", name)
		}
		if _, ok := least.AppendEncoded(nil, prose[:512]); !ok {
			t.Errorf("%s: 512 bytes are not encoded", name)
		}
	}
}

func TestEncoderRefused(t *testing.T) {
	for _, cfg := range []coding.EncoderConfig{{}, {Coding: "br"}, {Coding: coding.Gzip, Level: 9}} {
		if _, err := coding.NewEncoder(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

func TestLeftAlone(t *testing.T) {
	for _, encoding := range []string{"", " ", "identity", "br", "gzip, br", "br,gzip", "gzipped", "gzip;q=1", "gzip,gzip,gzip,gzip,gzip"} {
		if out, known, err := coding.Decode([]byte("dst"), prose, encoding, 0); known || err != nil || string(out) != "dst" {
			t.Errorf("%q: %d bytes, %v, %v", encoding, len(out), known, err)
		}
	}
}

func TestChains(t *testing.T) {
	zipped := encode(t, coding.Gzip, prose)
	both := zipOnce(encode(t, coding.Zstd, prose))
	for _, c := range []struct {
		encoding string
		body     []byte
	}{
		{"gzip", zipped}, {"GZIP", zipped}, {"x-gzip", zipped}, {" gzip\t,identity", zipped}, {"identity,gzip,", zipped},
		{"zstd, gzip", both}, {"zstd,gzip", both},
	} {
		if got, known, err := coding.Decode(nil, c.body, c.encoding, len(prose)); err != nil || !known || !bytes.Equal(got, prose) {
			t.Errorf("%q: %d bytes, %v, %v", c.encoding, len(got), known, err)
		}
	}
	var corrupt *coding.CorruptError
	if _, _, err := coding.Decode(nil, both, "gzip, zstd", 0); !errors.As(err, &corrupt) || corrupt.Coding != coding.Zstd {
		t.Errorf("wrong order: %v", err)
	}
}

// zipOnce insists where an encoder gives up, for the result is longer.
func zipOnce(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

func TestEmptyBody(t *testing.T) {
	for _, name := range names {
		if out, known, err := coding.Decode([]byte("dst"), nil, name, 0); err != nil || !known || string(out) != "dst" {
			t.Errorf("%s: %q, %v, %v", name, out, known, err)
		}
	}
}

func TestCorrupt(t *testing.T) {
	for _, name := range names {
		good := encode(t, name, prose)
		check := func(what string, body []byte, is error) {
			out, known, err := coding.Decode([]byte("dst"), body, name, 1<<20)
			var corrupt *coding.CorruptError
			if !known || string(out) != "dst" || !errors.As(err, &corrupt) || corrupt.Coding != name || (is != nil && !errors.Is(err, is)) {
				t.Errorf("%s, %s: %d bytes, %v, %v", name, what, len(out), known, err)
			}
		}
		check("noise", noise, nil)
		check("text", prose, nil)
		check("garbage behind", append(good[:len(good):len(good)], "garbage"...), nil)
		for cut := 1; cut < len(good); cut++ {
			if name != coding.S2 {
				check(fmt.Sprintf("cut after %d", cut), good[:cut], io.ErrUnexpectedEOF)
			} else if cut != len("\xff\x06\x00\x00S2sTwO") { // where a chunk of s2 ends, its stream may
				check(fmt.Sprintf("cut after %d", cut), good[:cut], nil)
			}
		}
		for at := range good {
			bad := bytes.Clone(good)
			bad[at] ^= 0x40
			if out, _, err := coding.Decode(nil, bad, name, 1<<20); err == nil && !bytes.Equal(out, prose) {
				t.Errorf("%s: octet %d is wrong, and nobody says so", name, at)
			}
		}
	}
}

// A decoder that has met bad input, or was stopped, is as good as new for the next.
func TestAfterFailure(t *testing.T) {
	for _, name := range names {
		good := encode(t, name, prose)
		for range 10 {
			_, _, _ = coding.Decode(nil, good[:len(good)/2], name, 0)
			_, _, _ = coding.Decode(nil, good, name, 10)
			if out, _, err := coding.Decode(nil, good, name, 0); err != nil || !bytes.Equal(out, prose) {
				t.Fatalf("%s: %d bytes, %v", name, len(out), err)
			}
		}
	}
}
