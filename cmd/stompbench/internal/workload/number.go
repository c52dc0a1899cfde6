package workload

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxTime is the longest time of a flag. Several of them add up without overflow.
const MaxTime = 10_000 * time.Hour

// kind is a kind of number: its units and bounds, and what to write instead of anything else.
type kind struct {
	units       []unit
	least, most float64
	whole       bool
	write       string
}

type unit struct {
	text   string
	factor float64
}

var (
	thousands = []unit{{"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}
	octets    = []unit{ // longer ones first: kB ends in B
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"B", 1},
		{"k", 1 << 10}, {"K", 1 << 10}, {"M", 1 << 20},
	}

	counts    = kind{thousands, 0, 1<<53 - 1, true, "a whole number, such as 5000, 5k or 1.5M"}
	integers  = kind{thousands, -math.MaxInt32, math.MaxInt32, true, "a whole number, such as 100 or 1k"}
	bytes     = kind{octets, -math.MaxInt32, math.MaxInt32, true, "a number of bytes, such as 128, 4KiB or 1MB"}
	sizes     = kind{octets, 0, MaxSize, true, bytes.write}
	headers   = kind{thousands, 0, MaxHeaders, true, "a whole number, such as 4"}
	perSecond = kind{thousands, math.Inf(-1), math.Inf(1), false, "messages a second, such as 5000, 50k or 300k/m"}
	shares    = kind{[]unit{{"%", 0.01}}, 0, 1, false, "a share, such as 0.01 or 1%"}
	weights   = kind{[]unit{{"%", 1}}, 1e-9, 1e9, false, "a weight after the colon, as in 4:90"}
	levels    = kind{nil, 0, 9, true, "priorities, such as 4 or 9:10,4:90"}
	seconds   = kind{nil, -2e9, 2e9, false, "a time like 10s, 1m30s or 500ms"}
)

func (k *kind) parse(s string) (float64, error) {
	digits, factor := strings.TrimSpace(s), 1.0
	for _, u := range k.units {
		if head, ok := strings.CutSuffix(digits, u.text); ok {
			digits, factor = strings.TrimSpace(head), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	n *= factor
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), strings.ContainsAny(digits, "xXpP_"), n != n, k.whole && n != math.Trunc(n):
		return 0, errors.New("write " + k.write)
	case !(n >= k.least && n <= k.most):
		return 0, fmt.Errorf("it is out of range: write %s, from %s to %s", k.write, k.show(k.least), k.show(k.most))
	}
	return n, nil
}

// show writes a bound; a large one with the largest unit of which it is a multiple.
func (k *kind) show(n float64) string {
	best := unit{"", 1}
	for _, u := range k.units {
		if u.factor > best.factor && n >= 1e4 && math.Mod(n, u.factor) == 0 {
			best = u
		}
	}
	return plain(n/best.factor) + best.text
}

// plain writes a number without an exponent.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// parser returns a function that reads a kind of number.
func parser[T int | uint64 | float64](k kind) func(string) (T, error) {
	return func(s string) (T, error) {
		n, err := k.parse(s)
		return T(n), err
	}
}

var (
	// ParseCount reads 5000, 5k or 1.5M.
	ParseCount = parser[uint64](counts)
	// ParseInt reads what ParseCount does, and negative numbers, which the plan then refuses with a
	// better message.
	ParseInt = parser[int](integers)
	// ParseBytes reads 128, 1KiB, 4k or 1MB.
	ParseBytes = parser[int](bytes)
	// ParseShare reads 0.01 or 1%.
	ParseShare = parser[float64](shares)
)

// ParsePerSecond reads 5000, 5k, 5k/s or 300k/m: 0, or from minRate to MaxRate.
func ParsePerSecond(s string) (float64, error) {
	number, per, ok := strings.Cut(s, "/")
	of, known := map[string]float64{"s": 1, "m": 60, "h": 3600}[per]
	if ok && !known {
		return 0, fmt.Errorf("per %.20q is not a unit of time: write /s, /m or /h", per)
	}
	n, err := perSecond.parse(number)
	if err == nil && ok {
		n /= of
	}
	if n < 0 || n > MaxRate || n > 0 && n < minRate {
		return 0, fmt.Errorf("it is out of range: choose 0, or from %s to %s a second", plain(minRate), plain(MaxRate))
	}
	return n, err
}

// ParseDuration reads 10s, 1m30s or 500ms; a bare number is seconds.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		var n float64
		n, err = seconds.parse(s)
		d = time.Duration(n * float64(time.Second))
	}
	if d > MaxTime || d < -MaxTime {
		return 0, fmt.Errorf("it is out of range: choose up to %.0fh", MaxTime.Hours())
	}
	return d, err
}

// Numbers reads the values of the kinds of flags that are numbers; of times, nanoseconds.
var Numbers = map[string]func(string) (float64, error){
	"N": parser[float64](counts), "BYTES": parser[float64](sizes), "RATE": ParsePerSecond, "SHARE": ParseShare,
	"TIME": func(s string) (float64, error) {
		d, err := ParseDuration(s)
		return float64(d), err
	},
}

// maxItems bounds lists of flags.
const maxItems = 1000

// items reads a list with commas between, of which each element may have something after a colon.
func items(s string, add func(value, after string, colon bool) error) error {
	if strings.Count(s, ",") >= maxItems {
		return fmt.Errorf("it has more than %d parts: leave some out", maxItems)
	}
	for part := range strings.SplitSeq(s, ",") {
		value, after, colon := strings.Cut(part, ":")
		if err := add(strings.TrimSpace(value), strings.TrimSpace(after), colon); err != nil {
			return err
		}
	}
	return nil
}

// ends reads A, which is A..A, or A..B.
func ends[T any](s string, parse func(string) (T, error)) (from, to T, err error) {
	a, b, ranged := strings.Cut(s, "..")
	if from, err = parse(a); err != nil || !ranged {
		return from, from, err
	}
	to, err = parse(b)
	return from, to, err
}
