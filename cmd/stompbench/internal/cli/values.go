package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/frame"
)

// value is a flag whose text is read by a function.
type value struct {
	kind string // shown in the help
	text string
	set  func(string) error
}

func (v *value) Type() string   { return v.kind }
func (v *value) String() string { return v.text }

func (v *value) Set(s string) error {
	if err := v.set(strings.TrimSpace(s)); err != nil {
		return err
	}
	v.text = s
	return nil
}

var _ pflag.Value = (*value)(nil)

// parsed makes a flag of a parsing function and what it fills.
func parsed[T any](into *T, parse func(string) (T, error)) *value {
	v := &value{}
	v.set = func(s string) error {
		x, err := parse(s)
		if err == nil {
			*into = x
		}
		return err
	}
	return v
}

// parseDuration reads 10s, 1m30s or 500ms; a bare number is seconds.
func parseDuration(s string) (time.Duration, error) {
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

// parseCount reads 5000, 5k or 1.5M.
func parseCount(s string) (uint64, error) {
	n, err := scaled(s, counts)
	if err != nil || n < 0 || n != math.Trunc(n) || n >= 1<<53 {
		return 0, errors.New("write a whole number, such as 5000, 5k or 1.5M")
	}
	return uint64(n), nil
}

func parseInt(s string) (int, error) {
	// Negative numbers go through: the plan says what is wrong with them.
	if n, err := strconv.Atoi(s); err == nil {
		return n, nil
	}
	n, err := parseCount(s)
	if err != nil || n > math.MaxInt32 {
		return 0, errors.New("write a whole number, such as 100 or 1k")
	}
	return int(n), nil
}

// parseRate reads 5000, 5k, 5k/s or 300k/m.
func parseRate(s string) (float64, error) {
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

// parseSize reads 128, 1KiB, 4k or 1MB.
func parseSize(s string) (int, error) {
	n, err := scaled(s, sizes)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, errors.New("write a number of bytes, such as 128, 4KiB or 1MB")
	}
	return int(n), nil
}

func parseAck(s string) (frame.AckMode, error) {
	mode, ok := frame.ParseAckMode(s)
	if !ok || s == "" {
		return 0, errors.New("choose auto, client or client-individual")
	}
	return mode, nil
}

func parseDelivery(s string) (workload.Delivery, error) {
	d, ok := workload.ParseDelivery(s)
	if !ok {
		return 0, errors.New("choose auto, shared or each")
	}
	return d, nil
}

func parseVersion(s string) (frame.Versions, error) {
	v := frame.ParseVersion(s)
	if v == 0 {
		return 0, errors.New("choose 1.0, 1.1 or 1.2")
	}
	return frame.VersionsOf(v), nil
}

func parseHeader(s string) (frame.Field, error) {
	name, text, ok := strings.Cut(s, ":")
	if !ok || name == "" {
		return frame.Field{}, errors.New("write name:value")
	}
	return frame.Field{Name: name, Value: text}, nil
}

func asIs(s string) (string, error) { return s, nil }

func parseURI(s string) (uri.URI, error) { return uri.Parse(s) }
