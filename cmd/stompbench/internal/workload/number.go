package workload

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads 10s, 1m30s or 500ms; a bare number is seconds.
func ParseDuration(s string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		if math.IsNaN(n) || math.Abs(n) > 1e9 {
			return 0, errors.New("it is out of range")
		}
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New("write it like 10s, 1m30s or 500ms")
	}
	return d, nil
}

type suffix struct {
	text   string
	factor float64
}

// Longer ones first: kB ends in B.
var (
	counts = []suffix{{"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}
	sizes  = []suffix{
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"B", 1},
		{"k", 1 << 10}, {"K", 1 << 10}, {"M", 1 << 20},
	}
)

// scaled reads a number with one of the suffixes.
func scaled(s string, suffixes []suffix) (float64, error) {
	number, factor := s, 1.0
	for _, x := range suffixes {
		if head, ok := strings.CutSuffix(s, x.text); ok {
			number, factor = strings.TrimSpace(head), x.factor
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(number, "xXpP_") {
		return 0, errors.New("not a number")
	}
	return n * factor, nil
}

// ParseCount reads 5000, 5k or 1.5M.
func ParseCount(s string) (uint64, error) {
	n, err := scaled(s, counts)
	if err != nil || n < 0 || n != math.Trunc(n) || n >= 1<<53 {
		return 0, errors.New("write a whole number, such as 5000, 5k or 1.5M")
	}
	return uint64(n), nil
}

// ParseInt parses what ParseCount does, and negative numbers, which the plan then refuses with a
// better message.
func ParseInt(s string) (int, error) {
	if n, err := strconv.Atoi(s); err == nil {
		return n, nil
	}
	n, err := ParseCount(s)
	if err != nil || n > math.MaxInt32 {
		return 0, errors.New("write a whole number, such as 100 or 1k")
	}
	return int(n), nil
}

// ParsePerSecond reads 5000, 5k, 5k/s or 300k/m.
func ParsePerSecond(s string) (float64, error) {
	number, per := s, 1.0
	if head, unit, ok := strings.Cut(s, "/"); ok {
		units := map[string]float64{"s": 1, "m": 60, "h": 3600}
		if per, ok = units[unit]; !ok {
			return 0, fmt.Errorf("per %q is not a unit of time: write /s, /m or /h", unit)
		}
		number = head
	}
	n, err := scaled(number, counts)
	if err != nil {
		return 0, errors.New("write messages a second, such as 5000, 50k or 300k/m")
	}
	return n / per, nil
}

// ParseBytes reads 128, 1KiB, 4k or 1MB.
func ParseBytes(s string) (int, error) {
	n, err := scaled(s, sizes)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, errors.New("write a number of bytes, such as 128, 4KiB or 1MB")
	}
	return int(n), nil
}

// ParseShare reads 0.01 or 1%.
func ParseShare(s string) (float64, error) {
	number, factor := s, 1.0
	if head, ok := strings.CutSuffix(s, "%"); ok {
		number, factor = head, 0.01
	}
	n, err := scaled(number, nil)
	if err != nil {
		return 0, errors.New("write a share from 0 to 1, such as 0.01 or 1%")
	}
	return n * factor, nil
}

// weighted reads VALUE:WEIGHT,VALUE:WEIGHT,…; a value without a weight has 1.
func weighted(s string, add func(value string, weight float64) error) error {
	for part := range strings.SplitSeq(s, ",") {
		value, text, ok := strings.Cut(strings.TrimSpace(part), ":")
		weight := 1.0
		if ok {
			var err error
			if weight, err = scaled(strings.TrimSuffix(text, "%"), nil); err != nil || weight <= 0 || weight > 1e9 {
				return fmt.Errorf("the weight of %q must be a number above 0", value)
			}
		}
		if err := add(strings.TrimSpace(value), weight); err != nil {
			return err
		}
	}
	return nil
}
