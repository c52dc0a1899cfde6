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

// units are factors by what follows the digits of a number.
type units map[string]float64

var (
	thousands = units{"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
	octets    = units{"": 1, "B": 1, "k": 1 << 10, "K": 1 << 10, "M": 1 << 20, "KiB": 1 << 10, "MiB": 1 << 20, "kB": 1e3, "KB": 1e3, "MB": 1e6}
)

// Numbers reads numbers by their kind; of times, in nanoseconds. The help shows the kinds of flags.
var Numbers = map[string]func(string) (float64, error){
	"N":        number(true, thousands, "a whole number, such as 5000, 5k or 1.5M"),
	"BYTES":    number(true, octets, "a number of bytes, such as 128, 4KiB or 1MB"),
	"RATE":     perSecond,
	"SHARE":    number(false, units{"": 1, "%": 0.01}, "a share from 0 to 1, such as 0.01 or 1%"),
	"TIME":     nanoseconds,
	"WEIGHT":   number(false, units{"": 1, "%": 1}, "a number above 0, such as 90"),
	"PRIORITY": number(true, units{"": 1}, "priorities from 0 to 9, such as 4 or 9:10,4:90"),
}

// number returns a function that reads numbers with these units. write is what to write instead of
// anything else.
func number(whole bool, known units, write string) func(string) (float64, error) {
	return func(s string) (float64, error) {
		end := strings.LastIndexAny(s, "0123456789.") + 1
		n, err := strconv.ParseFloat(strings.TrimSpace(s[:end]), 64)
		factor, ok := known[strings.TrimSpace(s[end:])]
		n *= factor
		if err != nil && !errors.Is(err, strconv.ErrRange) || !ok || strings.ContainsAny(s, "xX_") || whole && n != math.Trunc(n) {
			return 0, errors.New("write " + write)
		}
		return n, nil
	}
}

// perSecond reads 5000, 5k, 5k/s or 300k/m.
func perSecond(s string) (float64, error) {
	text, per, ok := strings.Cut(s, "/")
	if !ok {
		per = "s"
	}
	of, known := units{"s": 1, "m": 60, "h": 3600}[per]
	if !known {
		return 0, fmt.Errorf("per %.20q is not a unit of time: write /s, /m or /h", per)
	}
	n, err := number(false, thousands, "messages a second, such as 5000, 50k or 300k/m")(text)
	if n /= of; n < 0 || n > MaxRate || n > 0 && n < minRate {
		return 0, fmt.Errorf("it is out of range: choose from %s to %s a second", plain(minRate), plain(MaxRate))
	}
	return n, err
}

// nanoseconds reads 10s, 1m30s or 500ms; a bare number is seconds.
func nanoseconds(s string) (float64, error) {
	if d, err := time.ParseDuration(strings.TrimSpace(s)); err == nil {
		return float64(d), nil
	}
	return number(false, units{"": float64(time.Second)}, "a time like 10s, 1m30s or 500ms")(s)
}

// Within returns a function that reads numbers of a kind from least to most.
func Within[T int | uint64 | float64 | time.Duration](kind string, least, most T) func(string) (T, error) {
	return func(s string) (T, error) {
		n, err := Numbers[kind](s)
		if err == nil && !(n >= float64(least) && n <= float64(most)) {
			err = fmt.Errorf("%.64s is out of range: choose from %s to %s", s, bound(kind, float64(least)), bound(kind, float64(most)))
		}
		return T(n), err
	}
}

// bound writes a bound of numbers of a kind.
func bound(kind string, n float64) string {
	switch {
	case kind == "TIME":
		return strings.TrimSuffix(time.Duration(n).String(), "0m0s")
	case kind == "SHARE":
		return fmt.Sprintf("%.4g%%", 100*n)
	case kind == "BYTES" && n > 0 && math.Mod(n, 1<<20) == 0:
		return plain(n/(1<<20)) + "MiB"
	case kind == "BYTES" && n > 0 && math.Mod(n, 1<<10) == 0:
		return plain(n/(1<<10)) + "KiB"
	case n > 0 && n < 1:
		return "above 0"
	}
	return plain(n)
}

// plain writes a number without an exponent.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

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

// span writes A..B as ends reads it.
func span(from, to float64) string {
	if from == to {
		return plain(from)
	}
	return plain(from) + ".." + plain(to)
}
