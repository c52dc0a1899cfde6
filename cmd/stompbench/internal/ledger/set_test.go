package ledger

import (
	"math/rand/v2"
	"testing"
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

func (m model) missing(last uint64) (runs []Interval) {
	for n := uint64(1); n <= last; n++ {
		if m[n] {
			continue
		}
		if k := len(runs) - 1; k >= 0 && runs[k].Last == n-1 {
			runs[k].Last = n
			continue
		}
		runs = append(runs, Interval{n, n})
	}
	return runs
}

// missingRuns returns the missing runs of s with touching ones joined.
func missingRuns(s *Set, last uint64) (runs []Interval) {
	for run := range s.Missing(last) {
		if k := len(runs) - 1; k >= 0 && runs[k].Last+1 == run.First {
			runs[k].Last = run.Last
			continue
		}
		runs = append(runs, run)
	}
	return runs
}

func check(t *testing.T, s *Set, m model, last uint64) {
	t.Helper()
	if s.Len() != uint64(len(m)) {
		t.Fatalf("Len is %d, want %d", s.Len(), len(m))
	}
	for n := uint64(0); n <= last+70; n++ {
		if s.Has(n) != m[n] {
			t.Fatalf("Has(%d) is %v, want %v", n, s.Has(n), m[n])
		}
	}
	for _, upTo := range []uint64{0, 1, last / 2, last, last + 100} {
		got, want := missingRuns(s, upTo), m.missing(upTo)
		if len(got) != len(want) {
			t.Fatalf("Missing(%d): %d runs, want %d\n%v\n%v", upTo, len(got), len(want), got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("Missing(%d): run %d is %v, want %v", upTo, i, got[i], want[i])
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
	if len(s.window)*64 > maxWindow || len(s.gaps) > maxGaps || len(s.old.blocks) == 0 || len(s.old.blocks) > n/blockLen {
		t.Errorf("window of %d, %d gaps, %d blocks", len(s.window)*64, len(s.gaps), len(s.old.blocks))
	}
	if got := s.MissingLen(n); got != n/4 || s.Forgotten() != 0 {
		t.Errorf("%d missing, want %d; %d forgotten", got, n/4, s.Forgotten())
	}
	missing := uint64(0)
	for run := range s.Missing(n - 100) {
		for i := run.First; i <= run.Last; i++ {
			if missing += 4; i != missing {
				t.Fatalf("%d is missing, want %d", i, missing)
			}
		}
	}
	if missing != n-100 {
		t.Errorf("the last that is missing is %d", missing)
	}
	for i := uint64(4); i <= n; i += 4 {
		if s.Has(i) || !s.Add(i) || s.Add(i) || !s.Has(i) {
			t.Fatalf("%d", i)
		}
	}
	if s.MissingLen(n) != 0 || s.Len() != n || len(s.gaps)+len(s.old.blocks) != 0 {
		t.Errorf("%d missing, %d in, %d gaps, %d blocks", s.MissingLen(n), s.Len(), len(s.gaps), len(s.old.blocks))
	}
}

// However long a run, and whatever it loses, memory is bounded, and what is lost is
// still counted exactly.
func TestSetMemoryIsBounded(t *testing.T) {
	for name, length := range map[string]uint64{"short gaps": 5, "long gaps": 2 * blockLen} {
		const n = 5 * maxGaps
		s := setOf(func(yield func(Interval) bool) {
			for i := uint64(0); i < n; i++ {
				if at := 1 + i*(length+blockLen/3); !yield(Interval{at, at + blockLen/3 - 1}) {
					return
				}
			}
		})
		if len(s.gaps) > maxGaps || len(s.old.blocks) > maxBlocks {
			t.Errorf("%s: %d gaps, %d blocks", name, len(s.gaps), len(s.old.blocks))
		}
		if s.Forgotten() == 0 {
			t.Errorf("%s: nothing had to be forgotten: the test does not test", name)
		}
		if got := s.MissingLen(s.high); got != (n-1)*length || s.Len() != n*(blockLen/3) {
			t.Errorf("%s: %d missing, want %d", name, got, (n-1)*length)
		}
		if s.Add(blockLen/3 + 1) {
			t.Errorf("%s: a forgotten number was called new", name)
		}
	}
}

// A set can be told by its runs, and made of them again.
func TestRuns(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 4))
		var s Set
		m := model{}
		for range r.IntN(300) {
			n := 1 + r.Uint64N(400)
			s.Add(n)
			m.add(n)
		}
		back := setOf(s.Runs())
		check(t, back, m, s.high)
		for range 100 { // it goes on like the other one
			n := 1 + r.Uint64N(600)
			if back.Add(n) != m.add(n) {
				t.Fatalf("seed %d: Add(%d)", seed, n)
			}
		}
		check(t, back, m, back.high)
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
		sum, got := union(&a, &b)
		if got != both {
			t.Errorf("seed %d: %d in both, want %d", seed, got, both)
		}
		check(t, sum, m, sum.high)
	}
}

func TestSetHugeNumber(t *testing.T) {
	var s Set
	s.Add(1)
	s.Add(1 << 62)
	if s.Len() != 2 || !s.Has(1) || !s.Has(1<<62) || s.Has(2) {
		t.Errorf("%+v", s)
	}
	if got := s.MissingLen(1 << 62); got != 1<<62-2 {
		t.Errorf("%d missing", got)
	}
}

func TestOverlap(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		var a, b Set
		for range 60 {
			a.Add(1 + r.Uint64N(120))
			b.Add(1 + r.Uint64N(120))
		}
		want := uint64(0)
		for n := uint64(1); n <= 150; n++ {
			if !a.Has(n) && !b.Has(n) {
				want++
			}
		}
		if got := overlap(a.Missing(150), b.Missing(150)); got != want {
			t.Fatalf("seed %d: %d, want %d", seed, got, want)
		}
	}
}

func BenchmarkSetAdd(b *testing.B) {
	b.Run("order=straight", func(b *testing.B) {
		var s Set
		n := uint64(0)
		for b.Loop() {
			n++
			s.Add(n)
		}
	})
	b.Run("order=alternating", func(b *testing.B) {
		var s Set
		n := uint64(0)
		for b.Loop() {
			n++
			s.Add(n + 2000*(n&1))
		}
	})
}
