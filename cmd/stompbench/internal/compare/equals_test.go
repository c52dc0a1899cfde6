//go:build !race

// Not under the race detector: these simulations take it a minute, and each is of one goroutine.

package compare_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/compare"
)

var pairs = flag.Int("pairs", 0, "simulate so many pairs of sides in each case, and print the table of docs/results.md")

// found counts in how many of the pairs each metric alone, and the main metrics together, show a
// difference.
type found map[string]int

func (f found) share(name string, pairs int) float64 { return 100 * float64(f[name]) / float64(pairs) }

const together = "together"

func (w *world) compare(tb testing.TB, runsA, runsB, pairs int, factor float64) found {
	f := found{}
	for range pairs {
		c, err := compare.Compare(w.side(runsA, 1), w.side(runsB, factor), 0)
		if err != nil {
			tb.Fatal(err)
		}
		for i := range c.Rows {
			if r := &c.Rows[i]; r.Low > 0 || r.High < 0 {
				f[r.Name]++
			}
		}
		if strings.HasPrefix(c.Conclusion, "B is") {
			f[together]++
		}
	}
	return f
}

var shown = []string{"sent_per_s", "cpu_per_message", "from_due.p50", "from_due.p99", together}

type cell struct {
	rho, betweenRuns     float64
	seconds, runs, runsB int
}

func (c *cell) String() string {
	return fmt.Sprintf("%.1f | %d s | %d and %d | %.0f %%", c.rho, c.seconds, c.runs, c.runsB, 100*c.betweenRuns)
}

func cells(big bool) (all []cell) {
	lengths := []int{30, 60, 120}
	if big {
		lengths = []int{20, 30, 60, 120, 600}
	}
	for _, rho := range []float64{0, 0.4, 0.8} {
		for _, seconds := range lengths {
			all = append(all, cell{rho, 0, seconds, 1, 1})
		}
	}
	all = append(all, cell{0.4, 0.05, 30, 3, 3})
	if big {
		all = append(all, cell{0.4, 0.05, 60, 2, 2}, cell{0.4, 0.05, 60, 3, 3}, cell{0.4, 0.05, 60, 5, 5}, cell{0.4, 0.05, 60, 10, 10}, cell{0.4, 0.05, 60, 20, 20},
			cell{0.4, 0.05, 60, 1, 3}, cell{0.4, 0.05, 60, 1, 5}, cell{0.8, 0, 60, 3, 3}, cell{0.8, 0.01, 60, 3, 3}, cell{0.8, 0.01, 60, 5, 5})
	}
	return all
}

// Equal sides differ "with a confidence of 95 %" in about one of twenty comparisons, however alike
// neighbouring seconds are and however much runs vary. The seeds are fixed.
func TestEqualSidesSeldomDiffer(t *testing.T) {
	n, most := *pairs, 7.0
	if n == 0 {
		n, most = 60, 10.0 // 5 % of 60 are 3 ± 1.7
	}
	for _, c := range cells(*pairs > 0) {
		w := &world{rand.New(rand.NewPCG(uint64(1000*c.rho)+uint64(c.seconds), uint64(c.runs))), c.rho, c.betweenRuns, c.seconds}
		equal := w.compare(t, c.runs, c.runsB, n, 1)
		line := "| " + c.String() + " |"
		for _, name := range shown {
			line += fmt.Sprintf(" %.1f |", equal.share(name, n))
			if equal.share(name, n) > most && c.seconds >= 30 {
				t.Errorf("%s: %s differs in %d of %d pairs of equals", c.String(), name, equal[name], n)
			}
		}
		if *pairs > 0 {
			real := w.compare(t, c.runs, c.runsB, n/2, 1.05)
			for _, name := range shown {
				line += fmt.Sprintf(" %.0f |", real.share(name, n/2))
			}
			t.Log(line)
		}
	}
}

// Where there is no difference, about one in twenty comparisons sees one all the
// same: that is what 95 % means. The seeds are fixed, so this is no chance.
func TestNoiseIsSeldomADifference(t *testing.T) {
	t.Parallel()
	seen, tries := 0, 20
	for i := range tries {
		k := kind{seconds: 24, rate: 100, latency: time.Millisecond, seed: uint64(100 + i)}
		a := one(k)
		k.seed += 1000
		if v := row(t, compared(t, a, one(k)), "from_send.p50").Verdict; v != compare.Same {
			seen++
		}
	}
	if seen > 4 {
		t.Errorf("%d of %d comparisons of the same see a difference", seen, tries)
	}
	t.Logf("%d of %d", seen, tries)
}
