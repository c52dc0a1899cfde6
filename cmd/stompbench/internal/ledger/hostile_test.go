package ledger

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

// packed compresses numbers, the last one the given number of times.
func packed(t testing.TB, times int, numbers ...uint64) []byte {
	t.Helper()
	var out bytes.Buffer
	z, _ := zlib.NewWriterLevel(&out, zlib.BestSpeed)
	var text []byte
	for _, n := range numbers[:len(numbers)-1] {
		text = binary.AppendUvarint(text, n)
	}
	last := binary.AppendUvarint(nil, numbers[len(numbers)-1])
	for ; times > 0; times-- {
		if text = append(text, last...); len(text) > 1<<16 || times == 1 {
			if _, err := z.Write(text); err != nil {
				t.Fatal(err)
			}
			text = text[:0]
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A few kilobytes can claim anything. The error says what is wrong and where, and reading takes
// neither the memory nor the time that was claimed.
func TestHostileBook(t *testing.T) {
	const huge = math.MaxUint64
	for _, c := range []struct {
		name   string
		packed []byte
		cause  error
		text   string
	}{
		{"many parts", packed(t, 1, 1<<60), io.EOF, "a part cannot be read at offset 9: EOF"},
		{"many streams", packed(t, 1, 1, 7, 1<<60), io.EOF, "a destination cannot be read at offset 11"},
		{"a huge number", packed(t, 1, 1, 7, 1, 0, huge), nil, "a count cannot be read"},
		{"parts without end", packed(t, 1<<20, 1<<60, 0), ErrTooLarge, "takes too much memory at offset"},
		{"streams without end", packed(t, 4<<20, 1, 7, 1<<60, 0), ErrTooLarge, "takes too much memory"},
		{"copies without end", packed(t, 4<<20, 0, 1<<60, 0), ErrTooLarge, "takes too much memory"},
		{"arrivals without end", packed(t, 4<<20, 0, 1, 0, 0, 0, 0, 0, 1<<60, 0), ErrTooLarge, "takes too much memory"},
		{"a huge gap", packed(t, 1, 1, 7, 1, 0, 9, 1, 1<<61, 1, 1<<60), ErrTooLarge, "takes too much memory at offset"},
		{"a huge run", packed(t, 1, 1, 7, 1, 0, 9, 1, 1<<61, 1<<60, 1), ErrTooLarge, "takes too much memory at offset"},
		{"holes and no end", packed(t, 1<<20, 1, 7, 1, 0, 9, 1, 1<<61, 1), io.EOF, "a run cannot be read at offset 1048591"},
		{"holes far apart", packed(t, 8<<20, 1, 7, 1, 0, 9, 1, 1<<61, 1, 1<<16), ErrTooLarge, "takes too much memory"},
		{"a missing end", packed(t, 1, 1, 7, 1, 0, 9, 1, 5, 1, 4, 0), nil, "the largest number of a set is missing"},
		{"marks and no end", packed(t, 1<<20, 0, 1, 0, 0, 0, 0, 0, 1, 7, 0, 1<<61, 0, 1), io.EOF, "a marked message cannot be read at offset"},
		{"marks not received", packed(t, 1, 0, 1, 0, 0, 0, 0, 0, 1, 7, 0, 5, 0, 1, 5, 0), nil, "was not received"},
		{"touching runs", packed(t, 1, 1, 7, 1, 0, 9, 1, 9, 1, 1, 1, 0), nil, "a run is impossible"},
		{"two shared copies", packed(t, 1, 0, 2, 4, 1, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0), nil, "a second shared copy"},
		{"more behind the end", packed(t, 1, 0, 0, 0), nil, "no end of the ledger"},
		{"nothing", nil, io.ErrUnexpectedEOF, "no compressed ledger at offset 0"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, err := Unpack(c.packed)
		runtime.ReadMemStats(&after)
		t.Logf("%s: %d bytes, %d MB in all, %s, %v", c.name, len(c.packed), (after.TotalAlloc-before.TotalAlloc)>>20, time.Since(began), err)
		if err == nil || !strings.Contains(err.Error(), c.text) || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: %v", c.name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4*maxMemory {
			t.Errorf("%s: %d MB", c.name, took>>20)
		}
	}
}

// The slowest book of the largest size has a hole between any two messages.
func BenchmarkUnpack(b *testing.B) {
	text := packed(b, maxSize-23, 1, 7, 1, 0, 9, 1, 1<<61, 1)
	for b.Loop() {
		if _, err := Unpack(text); !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}

// Subscribers times producers are bounded too: each pair is closed.
func TestManyPairsAreRefused(t *testing.T) {
	const n = 20_000
	b := &Book{Sent: []Part{{Streams: make([]Stream, n)}}, Received: make([]Copy, n)}
	if _, err := b.Pack(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d subscribers of %d producers: %v", n, n, err)
	}
	b.Received = b.Received[:500]
	if closed, _ := repack(t, b).Close(); closed != (Balance{}) {
		t.Errorf("%+v", closed)
	}
}
