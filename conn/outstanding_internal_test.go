package conn

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

func rabbitTag(n int) []byte { return strconv.AppendInt([]byte("T_1@@session@@"), int64(n), 10) }

// What is remembered is bounded by what is outstanding, even behind a message that is never acknowledged.
func TestForgottenMessageDoesNotMakeMemoryGrow(t *testing.T) {
	const messages, window, forgotten = 500_000, 100, 7
	for _, undone := range []bool{false, true} {
		t.Run(fmt.Sprintf("undone=%t", undone), func(t *testing.T) {
			var o outstanding
			w, most := new(wire), 0
			for n := 1; n <= messages; n++ {
				o.add(w, rabbitTag(n))
				if done := n - window; done > 0 && done != forgotten {
					var undo []uint64
					o.settle(w, rabbitTag(done), false, &undo)
					if undone && done%1000 == 0 { // its transaction is aborted; then it is acknowledged
						o.restore(w, undo)
						o.settle(w, rabbitTag(done), false, nil)
					}
				}
				most = max(most, len(o.tags))
			}
			if bound := 2*(window+1) + 2; most > bound {
				t.Errorf("%d are remembered, want at most %d", most, bound)
			}
			want := []string{string(rabbitTag(forgotten))}
			for n := messages - window + 1; n <= messages; n++ {
				want = append(want, string(rabbitTag(n)))
			}
			if got := o.take(w); !slices.Equal(got, want) {
				t.Errorf("%d are outstanding, want %d: %.200q", len(got), len(want), got)
			}
		})
	}
}

// A cumulative acknowledgement, one that is undone, and single ones leave exactly the others.
func TestOutstandingMatchesASet(t *testing.T) {
	var o outstanding
	w, want := new(wire), map[int]bool{}
	seed := uint32(1)
	random := func(n int) int { // the same in each run
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	last := 0
	for range 20_000 {
		switch n := 1 + random(last+1); random(6) {
		case 0, 1, 2:
			last++
			o.add(w, rabbitTag(last))
			want[last] = true
		case 3:
			o.settle(w, rabbitTag(n), false, nil)
			delete(want, n)
		case 4:
			all := random(50) == 0
			var undo []uint64
			o.settle(w, rabbitTag(n), all, &undo)
			o.restore(w, undo)
		case 5:
			if n = last - random(100); random(20) == 0 {
				o.settle(w, rabbitTag(n), true, nil)
				for m := range want {
					if m <= n {
						delete(want, m)
					}
				}
			}
		}
		if live := len(o.tags) - o.gone; live != len(want) || o.gone > len(o.tags)/2 {
			t.Fatalf("%d tags, of them %d gone; want %d outstanding", len(o.tags), o.gone, len(want))
		}
	}
	got := o.take(w)
	for _, id := range got {
		_, n, _ := cutTag([]byte(id))
		if !want[int(n)] {
			t.Errorf("%s is outstanding", id)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d are outstanding, want %d", len(got), len(want))
	}
}
