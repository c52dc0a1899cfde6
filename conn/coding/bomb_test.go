package coding_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/stompwire/stompwire/conn/coding"
)

const bombSize = 16 << 20

// bombs are bodies that decode to 16 MiB of zeros, and one that claims to hold 2^62 octets.
var bombs = sync.OnceValue(func() map[string][]byte {
	zeros := func(w io.WriteCloser) {
		block := make([]byte, 1<<20)
		for range bombSize / len(block) {
			if _, err := w.Write(block); err != nil {
				panic(err)
			}
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
	}
	var gz, zs, snappy bytes.Buffer
	zeros(gzip.NewWriter(&gz))
	zw, _ := zstd.NewWriter(&zs, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	zeros(zw)
	zeros(s2.NewWriter(&snappy, s2.WriterConcurrency(1), s2.WriterBlockSize(4<<20)))
	// A single segment that tells its size in 8 octets, with one block of 128 KiB of one octet.
	lie := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0}, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x03, 0x00, 0x10, 'x')
	return map[string][]byte{"gzip": gz.Bytes(), "zstd": zs.Bytes(), "s2": snappy.Bytes(), "zstd that lies": lie}
})

func TestBomb(t *testing.T) {
	for name, bomb := range bombs() {
		encoding := name[:min(len(name), 4)]
		for _, bound := range []int{1, 1000, 1 << 20} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, _, err := coding.Decode(nil, bomb, encoding, bound)
			runtime.ReadMemStats(&after)
			var large *coding.TooLargeError
			if !errors.As(err, &large) || large.Max != bound || out != nil {
				t.Errorf("%s (%d bytes), bound %d: %v", name, len(bomb), bound, err)
			}
			// What was taken altogether, even if it was given back since.
			if took := after.TotalAlloc - before.TotalAlloc; took > 12<<20+4*uint64(bound) {
				t.Errorf("%s, bound %d: took %d bytes", name, bound, took)
			}
		}
	}
}

// A bomb in a bomb: what is between the codings is bounded, too.
func TestBombInChain(t *testing.T) {
	inner := bombs()["gzip"]
	outer := zipOnce(inner)
	for _, bound := range []int{1000, len(inner) - 1, len(inner)} {
		var large *coding.TooLargeError
		if _, _, err := coding.Decode(nil, outer, "gzip, gzip", bound); !errors.As(err, &large) || large.Max != bound {
			t.Errorf("%d bytes, bound %d: %v", len(outer), bound, err)
		}
	}
}
