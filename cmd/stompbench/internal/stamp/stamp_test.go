package stamp_test

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
)

var example = stamp.Stamp{
	Run: 0x1112131415161718, Producer: 3, Sequence: 42,
	Due: 1_700_000_000_000_000_001, Sent: 1_700_000_000_000_000_777,
}

func body(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	stamp.Write(b, &example, stamp.PayloadSum(b))
	return b
}

// The layout is what another stompbench, of another version, on another machine
// reads; it must not drift.
func TestLayout(t *testing.T) {
	got := hex.EncodeToString(body(stamp.Size + 4))
	want := strings.Join([]string{
		"73746f6d70626e31", // magic: s t o m p b n 1
		"1817161514131211", // run
		"0300000000000000", // producer
		"2a00000000000000", // sequence
		"01002a36fe9c9717", // due
		"09032a36fe9c9717", // sent
		"3b52dd6b",         // check
		"3c000000",         // length
	}, "")
	if !strings.HasPrefix(got, want) {
		t.Errorf("block\n got %s\nwant %s…", got, want)
	}
}

func TestReadWhatWasWritten(t *testing.T) {
	for _, size := range []int{stamp.Size, stamp.Size + 1, 128, 4096, 65536} {
		var got stamp.Stamp
		if err := stamp.Read(body(size), &got); err != nil || got != example {
			t.Errorf("size %d: got %+v, %v", size, got, err)
		}
	}
}

// The priority goes with it, in the body and in the header; there is none above 9.
func TestPriority(t *testing.T) {
	for priority := range uint8(stamp.MaxPriority + 2) {
		want, b := example, make([]byte, 100)
		want.Priority = priority
		stamp.Write(b, &want, stamp.PayloadSum(b))
		var r stamp.HeaderReader
		var inBody, inHeader stamp.Stamp
		errs := []error{stamp.Read(b, &inBody), r.Read(stamp.AppendHeader(nil, &want, stamp.BodySum(b), len(b)), b, &inHeader)}
		for i, got := range []stamp.Stamp{inBody, inHeader} {
			if priority > stamp.MaxPriority {
				if !errors.Is(errs[i], stamp.ErrCorrupt) {
					t.Errorf("priority %d: %v, want ErrCorrupt", priority, errs[i])
				}
			} else if got != want || errs[i] != nil {
				t.Errorf("got %+v, %v, want %+v", got, errs[i], want)
			}
		}
	}
}

// Which part sent it, and whether that was in the warm-up, goes with it, and changes
// nothing else.
func TestPartAndWarmup(t *testing.T) {
	for _, part := range []uint32{0, 1, 0xabcdef, stamp.MaxPart} {
		for _, warmup := range []bool{false, true} {
			want, b := example, make([]byte, 100)
			want.Part, want.Warmup, want.Priority = part, warmup, stamp.MaxPriority
			stamp.Write(b, &want, stamp.PayloadSum(b))
			var got stamp.Stamp
			if err := stamp.Read(b, &got); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		}
	}
}

// Every single damaged bit is noticed, wherever it is.
func TestEveryBitCounts(t *testing.T) {
	b := body(stamp.Size + 40)
	for bit := range len(b) * 8 {
		b[bit/8] ^= 1 << (bit % 8)
		var got stamp.Stamp
		err := stamp.Read(b, &got)
		want := stamp.ErrCorrupt
		if bit < 64 {
			want = stamp.ErrForeign
		}
		if !errors.Is(err, want) {
			t.Fatalf("bit %d flipped: %v, want %v", bit, err, want)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
}

func TestCutShort(t *testing.T) {
	b := body(200)
	for n := range len(b) {
		var got stamp.Stamp
		want := stamp.ErrCorrupt
		if n < 8 {
			want = stamp.ErrForeign
		}
		if err := stamp.Read(b[:n], &got); !errors.Is(err, want) {
			t.Fatalf("%d of 200 bytes: %v, want %v", n, err, want)
		}
	}
}

func TestForeign(t *testing.T) {
	for _, b := range [][]byte{nil, {}, []byte("hello"), make([]byte, 500)} {
		var got stamp.Stamp
		if err := stamp.Read(b, &got); !errors.Is(err, stamp.ErrForeign) {
			t.Errorf("%d bytes: %v, want ErrForeign", len(b), err)
		}
	}
}

func TestClockNeverRunsBackwards(t *testing.T) {
	c := stamp.NewClock()
	last := c.Now()
	for range 10_000 {
		now := c.Now()
		if now < last {
			t.Fatalf("%d after %d", now, last)
		}
		last = now
	}
	if d := c.Time(last).UnixNano() - last; d != 0 {
		t.Errorf("Time is %d ns off", d)
	}
}

func BenchmarkWrite(b *testing.B) {
	buf := body(128)
	sum := stamp.PayloadSum(buf)
	s := example
	b.ReportAllocs()
	for b.Loop() {
		s.Sequence++
		stamp.Write(buf, &s, sum)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{128, 4096, 65536} {
		b.Run("size="+strconv.Itoa(size), func(b *testing.B) {
			buf := body(size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			var s stamp.Stamp
			for b.Loop() {
				if stamp.Read(buf, &s) != nil {
					b.Fatal("not read")
				}
			}
		})
	}
}
