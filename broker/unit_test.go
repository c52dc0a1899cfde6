package broker

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestRingAgainstSlice(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var r ring[number]
	var want []number
	for i := range 20000 {
		switch k := rnd.IntN(10); {
		case k < 5:
			r.pushBack(number(i))
			want = append(want, number(i))
		case k < 9 && len(want) > 0:
			if got := r.popFront(); got != want[0] {
				t.Fatalf("step %d: popped %d, want %d", i, got, want[0])
			}
			want = want[1:]
		case k == 9 && rnd.IntN(20) == 0:
			n := rnd.IntN(len(want) + 1)
			r.truncate(n)
			want = want[:n]
		}
		if r.len() != len(want) {
			t.Fatalf("step %d: length %d, want %d", i, r.len(), len(want))
		}
		for j := range want {
			if *r.at(j) != want[j] {
				t.Fatalf("step %d: element %d is %d, want %d", i, j, *r.at(j), want[j])
			}
		}
	}
}

// number is an element of rings.
type number int

var numberChunks chunks[number]

func (number) chunks() *chunks[number] { return &numberChunks }

var _ element[number] = number(0)

// However long a ring was, it keeps little when it is empty, and nothing of what it held is in memory that it gives to
// others.
func TestRingDropsMemoryWhenEmpty(t *testing.T) {
	for _, most := range []int{1, keptRing, keptRing + 1, 5 * keptRing, 1000 * keptRing} {
		var r ring[number]
		for i := range most {
			r.pushBack(number(i + 1))
		}
		for range most / 2 { // so that it wraps around
			r.pushBack(r.popFront())
		}
		for range most {
			r.popFront()
		}
		if len(r.buf) > keptRing {
			t.Errorf("an empty ring that had %d keeps room for %d", most, len(r.buf))
		}
		for size := firstRing; size < 2000*keptRing; size *= 2 {
			for range 10 {
				if b := newChunk[number](size); len(b.mem) != size || slices.Max(b.mem) != 0 {
					t.Fatalf("a new chunk of %d has %d with %v in them", size, len(b.mem), slices.Max(b.mem))
				}
			}
		}
	}
}

func TestUnackedAgainstMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	u := unacked{named: true}
	under := map[uint64]*message{}
	for i := range 20000 {
		if rnd.IntN(2) == 0 {
			m := &message{seq: uint64(i)}
			under[u.add(m)] = m
		}
		tag := rnd.Uint64N(u.last + 2)
		place := u.find(tag)
		if want := under[tag]; (place >= 0) != (want != nil) {
			t.Fatalf("step %d: find(%d) = %d, want found %v", i, tag, place, want != nil)
		} else if want != nil {
			if by := u.tagOf(want.seq); by != tag {
				t.Fatalf("step %d: tagOf = %d, want %d", i, by, tag)
			}
			if got := u.take(place); got != want {
				t.Fatalf("step %d: took %v, want %v", i, got, want)
			}
			delete(under, tag)
			u.tidy()
			if by := u.tagOf(want.seq); by != 0 {
				t.Fatalf("step %d: tagOf = %d of what is settled", i, by)
			}
		}
		if u.live != len(under) || u.ring.len() > 2*u.live+65 {
			t.Fatalf("step %d: live %d of %d in the ring, want %d", i, u.live, u.ring.len(), len(under))
		}
	}
}

// Whichever delivery is asked for, the others are not looked at: this would take minutes.
func TestUnackedBackwards(t *testing.T) {
	const n = 1 << 18
	u := unacked{named: true}
	for i := range n {
		u.add(&message{seq: uint64(i + 1)})
	}
	for seq := uint64(n); seq > 0; seq-- {
		tag := u.tagOf(seq)
		if u.take(u.find(tag)) == nil {
			t.Fatalf("message %d is not under way", seq)
		}
		u.tidy()
	}
	if u.live != 0 || u.ring.len() != 0 {
		t.Errorf("%d are under way, %d in the ring", u.live, u.ring.len())
	}
}

// However many deliveries there were, little is kept of them when all are settled.
func TestUnackedDropsMemoryWhenEmpty(t *testing.T) {
	for _, most := range []int{1, keptTags, keptTags + 1, 16 << 10} {
		u := unacked{named: true}
		for i := range most {
			u.add(&message{seq: uint64(i)})
		}
		for i := range most {
			u.take(i)
		}
		u.tidy()
		if kept := u.tags != nil; kept != (most <= keptTags) || len(u.tags) > 0 {
			t.Errorf("%d: %d tags, kept %v", most, len(u.tags), kept)
		}
	}
}

func TestCounterCounts(t *testing.T) {
	c := newCounter()
	for want := uint64(1); want < 12345; want++ {
		n := c.next()
		if got := string(c.append(nil, n)); n != want || got != strconv.FormatUint(want, 10)+"\n" {
			t.Fatalf("got %d as %q, want %d", n, got, want)
		}
	}
	if got := string(c.append(nil, 77)); got != "77\n" {
		t.Errorf("got %q for an earlier number", got)
	}
}

func TestParsePair(t *testing.T) {
	for _, tt := range []struct {
		text string
		a, b uint64
		ok   bool
	}{
		{"0-1", 0, 1, true}, {"12-345", 12, 345, true}, {"1-9999999999999999999", 1, 9999999999999999999, true},
		{"", 0, 0, false}, {"-", 0, 0, false}, {"1", 0, 0, false}, {"1-", 0, 0, false}, {"-1", 0, 0, false},
		{"01-1", 0, 0, false}, {"1-01", 0, 0, false}, {"1-x", 0, 0, false}, {"1-2-3", 0, 0, false},
		{"1-99999999999999999999", 0, 0, false}, {"+1-2", 0, 0, false}, {"1 -2", 0, 0, false},
	} {
		a, b, ok := parsePair([]byte(tt.text))
		if ok != tt.ok || ok && (a != tt.a || b != tt.b) {
			t.Errorf("%q: got %d, %d, %v", tt.text, a, b, ok)
		}
	}
}

func TestConfig(t *testing.T) {
	if got := (Config{}).withDefaults(); got.validate() != nil || got.QueueBytes != 64<<20 || got.MaxUnacked != 16<<10 {
		t.Errorf("got %+v", got)
	}
	if got := (Config{QueueBytes: math.MaxInt / 8}).withDefaults(); got.StoredBytes < got.QueueBytes {
		t.Errorf("a queue may hold %d bytes, and all of them %d", got.QueueBytes, got.StoredBytes)
	}
	if err := (Config{ConnectTimeout: time.Hour, WriteTimeout: time.Hour}).validate(); err != nil {
		t.Error(err) // an int may have 32 bits
	}
	for _, bad := range []Config{{QueueBytes: -1}, {WriteTimeout: -1}, {MaxConnections: -1}, {Loops: -1}, {ConnectTimeout: -1},
		{UserRate: Rate{Bytes: -1}}, {MaxConnectionsPerIP: -1}, {Permissions: map[string]Permission{"a": {}}},
		{Users: map[string]string{"a": ""}, Permissions: map[string]Permission{"a": {Read: []string{""}}}}} {
		if bad.validate() == nil {
			t.Errorf("%+v is valid", bad)
		}
	}
}

func TestDeadLetterNames(t *testing.T) {
	for name, want := range map[string]string{
		"/queue/a": "/queue/DLQ.a", "/topic/a": "DLQ./topic/a", "a": "DLQ.a", "/temp-queue/@1/a": "DLQ./temp-queue/@1/a",
		"/queue//topic/a": "/queue/DLQ./topic/a", "/queue/DLQ": "/queue/DLQ.DLQ",
	} {
		if got := deadLetterName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		if isDeadLetters(name) || !isDeadLetters(want) {
			t.Errorf("%q: it is %v that it is for dead letters; %q: %v", name, isDeadLetters(name), want, isDeadLetters(want))
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"/queue/a", "/queue/a", true}, {"/queue/a", "/queue/ab", false}, {"/queue/a", "/queue/", false},
		{"*", "", true}, {"*", "/queue/a", true}, {"**", "x", true},
		{"/queue/*", "/queue/", true}, {"/queue/*", "/queue/a/b", true}, {"/queue/*", "/topic/a", false},
		{"*.eu", "prices.eu", true}, {"*.eu", "prices.eu.x", false}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXcb", false},
		{"/queue/[a]?", "/queue/[a]?", true}, {"/queue/[a]?", "/queue/ab", false},
		{strings.Repeat("*a", 500), strings.Repeat("a", 1023) + "b", false}, // in no time
	} {
		if got := matches(tt.pattern, []byte(tt.name)); got != tt.want {
			t.Errorf("%.40q matches %.40q: %v", tt.pattern, tt.name, got)
		}
	}
}

func TestPace(t *testing.T) {
	now := time.Now()
	if newPace(Rate{}).take(now, 1<<30) != 0 {
		t.Error("no rate slows down")
	}
	for _, tt := range []struct {
		rate Rate
		size int
		n    int // frames in the same moment
		want time.Duration
	}{
		{Rate{Frames: 100}, 1, 10, 0}, // a tenth of a second is free
		{Rate{Frames: 100}, 1, 11, 10 * time.Millisecond},
		{Rate{Frames: 100}, 1, 110, time.Second},
		{Rate{Frames: 1}, 1, 1, 900 * time.Millisecond},
		{Rate{Bytes: 1000}, 50, 2, 0},
		{Rate{Bytes: 1000}, 50, 4, 100 * time.Millisecond},
		{Rate{Bytes: 2_000_000_000}, 1_000_000_000, 1, 400_000_000},
		{Rate{Frames: 1000, Bytes: 1000}, 1000, 1, 900 * time.Millisecond},
	} {
		p := newPace(tt.rate)
		var got time.Duration
		for range tt.n {
			got = p.take(now, tt.size)
		}
		if got != tt.want {
			t.Errorf("%+v: %d frames of %d bytes make it wait %v, want %v", tt.rate, tt.n, tt.size, got, tt.want)
		}
	}
}
