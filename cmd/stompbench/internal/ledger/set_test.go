package ledger

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// model is a Set that is simple enough to be plainly right.
type model map[uint64]bool

func (m model) add(n uint64) bool {
	if m[n] {
		return false
	}
	m[n] = true
	return true
}

func setOf(numbers ...uint64) *Set {
	s := &Set{}
	for _, n := range numbers {
		s.Add(n)
	}
	return s
}

func check(t *testing.T, s *Set, m model, last uint64) {
	t.Helper()
	if s.Len() != uint64(len(m)) {
		t.Fatalf("Len is %d, want %d", s.Len(), len(m))
	}
	in := uint64(0)
	for n := uint64(0); n <= last+70; n++ {
		if m[n] {
			in++
		}
		if s.Has(n) != m[n] {
			t.Fatalf("Has(%d) is %v, want %v", n, s.Has(n), m[n])
		}
		if n%97 == 0 || n > last-3 {
			if got := s.MissingLen(n); got != n-in {
				t.Fatalf("MissingLen(%d) is %d, want %d", n, got, n-in)
			}
		}
	}
}

// A stream with losses, repeats and shuffling of every degree.
func TestSetAgainstModel(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s Set
		m := model{}
		lossy, spread, n := r.IntN(40), 1+r.IntN(400), uint64(0)
		for range 4000 {
			if r.IntN(100) < lossy {
				n++
			}
			n++
			at := n + uint64(r.IntN(spread))
			if r.IntN(3) == 0 {
				at = 1 + r.Uint64N(n)
			}
			if r.IntN(500) == 0 {
				s.settle(s.high) // what a sum is made of goes on like before
			}
			if got, want := s.Add(at), m.add(at); got != want {
				t.Fatalf("seed %d: Add(%d) is %v, want %v", seed, at, got, want)
			}
		}
		check(t, &s, m, s.high)
	}
}

// Numbers further apart than the window become gaps, and gaps can be filled.
func TestSetBeyondTheWindow(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 2))
		var s Set
		m := model{}
		top := uint64(0)
		for range 300 {
			if r.IntN(2) == 0 {
				top += r.Uint64N(maxWindow)
			}
			top++
			for _, n := range []uint64{top, 1 + r.Uint64N(top)} {
				if got, want := s.Add(n), m.add(n); got != want {
					t.Fatalf("seed %d: Add(%d) is %v, want %v", seed, n, got, want)
				}
			}
		}
		if s.Len() != uint64(len(m)) {
			t.Fatalf("Len is %d, want %d", s.Len(), len(m))
		}
		if got, want := s.MissingLen(top), top-uint64(len(m)); got != want {
			t.Fatalf("%d missing, want %d", got, want)
		}
		if size := len(s.window) * 64; size > maxWindow {
			t.Fatalf("the window has grown to %d", size)
		}
	}
}

// Two consumers take turns and one is far behind: the same as in order.
func TestSetAlternating(t *testing.T) {
	var s Set
	const n = 200_000
	for i := uint64(1); i <= n; i += 2 {
		s.Add(i)
	}
	for i := uint64(2); i <= n; i += 2 {
		if !s.Add(i) {
			t.Fatalf("%d was in already", i)
		}
	}
	if s.MissingLen(n) != 0 || s.Len() != n {
		t.Fatalf("%d missing, %d in", s.MissingLen(n), s.Len())
	}
}

// A stream that another machine has every fourth message of is known to the last
// one, in a bit for each.
func TestSetThatIsShared(t *testing.T) {
	var s Set
	const n = 3 * maxWindow
	for i := uint64(1); i <= n; i++ {
		if i%4 != 0 {
			s.Add(i)
		}
	}
	if got := s.MissingLen(n); got != n/4 || s.forgotten != 0 {
		t.Errorf("%d missing, want %d; %d forgotten", got, n/4, s.forgotten)
	}
	if len(s.window)*64 > maxWindow || s.memory() > n/7 {
		t.Errorf("window of %d, %d bytes", len(s.window)*64, s.memory())
	}
	for i := uint64(4); i <= n; i += 4 {
		if s.Has(i) || !s.Add(i) || s.Add(i) || !s.Has(i) {
			t.Fatalf("%d", i)
		}
	}
	if s.MissingLen(n) != 0 || s.Len() != n || !s.missing.IsEmpty() {
		t.Errorf("%d missing, %d in, %d bytes", s.MissingLen(n), s.Len(), s.memory())
	}
}

// However long a run, and whatever it loses, memory is bounded, and what is lost is still counted
// exactly.
func TestSetMemoryIsBounded(t *testing.T) {
	for name, lost := range map[string]uint64{"scattered": 1, "in bursts": 70_000} {
		var s Set
		sent, in, most := uint64(0), uint64(0), uint64(0)
		for sent < 4*maxWindow {
			for range 3 {
				sent++
				s.Add(sent)
				in++
			}
			sent += lost
			if s.low%(1<<15) == 0 {
				s.forget(1 << 12)
				most = max(most, s.memory())
			}
		}
		s.Add(sent + 1)
		s.settle(s.high)
		s.forget(1 << 12)
		if most > 1<<12 || s.forgotten == 0 {
			t.Errorf("%s: %d bytes, %d forgotten", name, most, s.forgotten)
		}
		if got := s.MissingLen(sent + 1); got != sent-in || s.Len() != in+1 {
			t.Errorf("%s: %d missing, want %d", name, got, sent-in)
		}
		if s.Add(4) {
			t.Errorf("%s: a forgotten number was called new", name)
		}
	}
}

// A number far ahead costs what the numbers between take: 80 bytes for 65,536.
func TestNumberFarAhead(t *testing.T) {
	const far = 1 << 26
	s := setOf(1, far)
	if s.Len() != 2 || !s.Has(1) || !s.Has(far) || s.Has(2) || s.MissingLen(far) != far-2 || s.memory() > far/200 {
		t.Errorf("%d in, %d missing, %d bytes", s.Len(), s.MissingLen(far), s.memory())
	}
	g := NewGroup(1)
	if g.Record(Entry{Sequence: maxJump + 1}) || g.Received() != 0 {
		t.Error("a sequence number was recorded that no producer has come to")
	}
}

// Runs are told as they are, wherever the containers of the bitmap end.
func TestRuns(t *testing.T) {
	b := roaring64.New()
	want := []Interval{{3, 3}, {250, 549}, {1<<16 - 5, 1<<16 + 4}, {1<<32 - 70_000, 1<<32 + 70_000}, {1<<32 + 80_000, 1<<32 + 80_000}}
	for _, run := range want {
		b.AddRange(run.First, run.Last+1)
	}
	if got := slices.Collect(runs(b)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for range runs(b) {
		break
	}
}

func TestUnion(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		var a, b Set
		m, both := model{}, uint64(0)
		for range r.IntN(100) {
			a.Add(1 + r.Uint64N(150))
			b.Add(1 + r.Uint64N(200))
		}
		for n := uint64(1); n <= 200; n++ {
			if a.Has(n) || b.Has(n) {
				m.add(n)
			}
			if a.Has(n) && b.Has(n) {
				both++
			}
		}
		var sum Set
		got := sum.union(&a, &b)
		if got != both {
			t.Errorf("seed %d: %d in both, want %d", seed, got, both)
		}
		check(t, &sum, m, sum.high)
		for range 100 { // it goes on like any other
			n := 1 + r.Uint64N(400)
			if sum.Add(n) != m.add(n) {
				t.Fatalf("seed %d: Add(%d)", seed, n)
			}
		}
		check(t, &sum, m, sum.high)
	}
}

// Each order of arrival has a million numbers; the next million follow.
func BenchmarkSetAdd(b *testing.B) {
	const million = 1 << 20
	r := rand.New(rand.NewPCG(1, 2))
	inOrder := func() []uint64 {
		numbers := make([]uint64, million)
		for i := range numbers {
			numbers[i] = uint64(i + 1)
		}
		return numbers
	}
	shuffled := func(window int) []uint64 {
		numbers := inOrder()
		for part := range slices.Chunk(numbers, window) {
			r.Shuffle(len(part), func(i, k int) { part[i], part[k] = part[k], part[i] })
		}
		return numbers
	}
	without := func(numbers []uint64, lost func(n uint64) bool) []uint64 { return slices.DeleteFunc(numbers, lost) }
	for _, c := range []struct {
		order   string
		numbers []uint64
	}{
		{"straight", inOrder()}, {"window-1000", shuffled(1000)}, {"window-200000", shuffled(200_000)},
		{"lossy", without(shuffled(1000), func(uint64) bool { return r.IntN(100) == 0 })},
		{"competing-8", competing(r, inOrder())},
		{"every-other", without(inOrder(), func(n uint64) bool { return n%2 == 0 })},
	} {
		b.Run("order="+c.order, func(b *testing.B) {
			b.ReportAllocs()
			var s Set
			i, base := 0, uint64(0)
			for b.Loop() {
				s.Add(base + c.numbers[i])
				if i++; i == len(c.numbers) {
					i, base = 0, base+million
				}
			}
		})
	}
}

// competing is the order in which eight consumers take a queue that each has prefetched a hundred
// messages of.
func competing(r *rand.Rand, queue []uint64) (order []uint64) {
	var prefetched [8][]uint64
	for {
		p := &prefetched[r.IntN(len(prefetched))]
		if len(*p) == 0 {
			n := min(100, len(queue))
			*p, queue = queue[:n], queue[n:]
			if n == 0 {
				break
			}
		}
		order, *p = append(order, (*p)[0]), (*p)[1:]
	}
	for _, p := range prefetched {
		order = append(order, p...)
	}
	return order
}
