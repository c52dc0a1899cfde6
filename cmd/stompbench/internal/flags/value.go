package flags

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/frame"
)

// Value is the value of a flag: it parses the text and checks its range.
type Value struct {
	kind    string // for the help; bool for a switch
	text    string
	texts   []string // all that were set, in order
	repeats bool     // each text adds to the value
	set     func(string) error

	Choices []string // the words that completion proposes
}

// Type returns the kind, such as TIME or FILE; bool for a switch.
func (v *Value) Type() string { return v.kind }

// String returns the text that was set, or that of the default.
func (v *Value) String() string { return v.text }

// Set parses the text. A flag cannot be set to nothing.
func (v *Value) Set(s string) error {
	text := strings.TrimSpace(s)
	if text == "" {
		return errors.New("its value is empty: give one, or leave the flag out")
	}
	if err := v.set(text); err != nil {
		return err
	}
	v.text, v.texts = s, append(v.texts, s)
	return nil
}

// Parsed is a value of a kind that parse reads, such as one of these words.
func Parsed[T any](into *T, kind string, parse func(string) (T, error), words ...string) *Value {
	return &Value{kind: kind, Choices: words, set: func(s string) error {
		x, err := parse(s)
		if err == nil {
			*into = x
		}
		return err
	}}
}

// Text is any text, such as the name of a file.
func Text(into *string, kind string) *Value {
	return Parsed(into, kind, func(s string) (string, error) { return s, nil })
}

// Repeated is a value that grows each time that the flag is set.
func Repeated[T any](into *[]T, kind string, parse func(string) (T, error)) *Value {
	v := Parsed(into, kind, func(s string) ([]T, error) {
		x, err := parse(s)
		return append(*into, x), err
	})
	v.repeats = true
	return v
}

// List is values with commas between.
func List[T any](into *[]T, kind string, parse func(string) (T, error)) *Value {
	return Parsed(into, kind, func(s string) (all []T, err error) {
		for text := range strings.SplitSeq(s, ",") {
			x, err := parse(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			all = append(all, x)
		}
		return all, nil
	})
}

// Switch is true or false. Files and environment variables may spell the value out.
func Switch(into *bool) *Value {
	spellings := map[string]bool{"true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false}
	return Parsed(into, "bool", func(s string) (bool, error) {
		on, ok := spellings[strings.ToLower(s)]
		if !ok {
			return on, errors.New("write true or false")
		}
		return on, nil
	}, "true", "false")
}

// OneOf is one of a few meanings, each of which has a word: by default, its text.
func OneOf[T any](into *T, kind string, meanings []T, words ...string) *Value {
	for _, m := range meanings[len(words):] {
		words = append(words, fmt.Sprint(m))
	}
	last := len(words) - 1
	return Parsed(into, kind, func(s string) (x T, err error) {
		i := slices.Index(words, strings.ToLower(s))
		if i < 0 {
			return x, fmt.Errorf("choose %s or %s", strings.Join(words[:last], ", "), words[last])
		}
		return meanings[i], nil
	}, words...)
}

// Ack is an ack mode.
func Ack(into *frame.AckMode) *Value {
	return OneOf(into, "MODE", []frame.AckMode{frame.AckAuto, frame.AckClient, frame.AckClientIndividual})
}

// MaxTime bounds every duration.
const MaxTime = workload.MaxTime

func number[T int | uint64 | float64 | time.Duration](into *T, kind string, least, most T) *Value {
	return Parsed(into, kind, workload.Within(kind, least, most))
}

// Int is a whole number.
func Int(into *int, least, most int) *Value { return number(into, "N", least, most) }

// Count is a whole number that a parser of JSON reads exactly.
func Count(into *uint64, least uint64) *Value { return number(into, "N", least, 1<<53-1) }

// Time is a duration.
func Time(into *time.Duration, least, most time.Duration) *Value {
	return number(into, "TIME", least, most)
}

// Rate is a number a second above 0.
func Rate(into *float64) *Value {
	return number(into, "RATE", math.SmallestNonzeroFloat64, workload.MaxRate)
}

// Share is a share from least to most.
func Share(into *float64, least, most float64) *Value { return number(into, "SHARE", least, most) }

// Bytes is a size above 0.
func Bytes(into *int) *Value { return number(into, "BYTES", 1, math.MaxInt32) }

// HeartBeat is an interval. For the client 0 is the default, and a negative value is none.
func HeartBeat(into *time.Duration) *Value {
	return Parsed(into, "TIME", func(s string) (time.Duration, error) {
		if _, err := workload.Within("TIME", 0, 0)(s); err == nil {
			return -1, nil
		}
		d, err := workload.Within("TIME", time.Millisecond, 24*time.Hour)(s)
		if err != nil {
			err = fmt.Errorf("%w, or 0 for none", err)
		}
		return d, err
	})
}

// ListenAddress checks the form of an address to listen on.
func ListenAddress(s string) (string, error) {
	path, _ := strings.CutPrefix(s, "unix:")
	_, port, err := net.SplitHostPort(s)
	_, wrong := strconv.ParseUint(port, 10, 16)
	if cmp.Or(err, wrong) != nil && (path == "" || path == s) {
		return "", errors.New("write an address with a port from 0 to 65535, such as :61613 or 10.0.0.1:61613")
	}
	return s, nil
}

// SLO is conditions on the metrics of a run.
func SLO(into *slo.SLO) *Value {
	return Parsed(into, "CONDITIONS", slo.Parse, slo.Names()...)
}
