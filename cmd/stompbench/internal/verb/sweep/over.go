package sweep

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// MaxSteps bounds the number of values of a sweep.
const MaxSteps = 100

// Over is what a sweep goes over: the values of one flag.
type Over struct {
	Flag   string
	Values []string // as the flag reads them
}

// String writes it as ParseOver reads it.
func (o Over) String() string { return o.Flag + "=" + strings.Join(o.Values, ",") }

// ParseOver parses what a sweep goes over:
//
//	over   = flag "=" values *("," values)
//	values = value | number ".." number ("*" | "+") number
//
// 1..1000*10 is 1, 10, 100 and 1000, and 10..50+20 is 10, 30 and 50. kind returns the kind of a
// flag's values, as its help does, "" if there is no such flag.
func ParseOver(s string, kind func(flag string) string) (Over, error) {
	flag, list, ok := strings.Cut(s, "=")
	o := Over{Flag: strings.TrimLeft(strings.TrimSpace(flag), "-")}
	if !ok || o.Flag == "" {
		return Over{}, errors.New("write a flag and its values, such as size=128,1k,16k or confirm=1..1000*10")
	}
	of := kind(o.Flag)
	if of == "" {
		return Over{}, fmt.Errorf("there is no flag %.64q to go over: see stompbench sweep --help", o.Flag)
	}
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return Over{}, fmt.Errorf("%s has an empty value: write values with commas between", o.Flag)
		}
		values, err := expand(part, of)
		if err != nil {
			return Over{}, err
		}
		if o.Values = append(o.Values, values...); len(o.Values) > MaxSteps {
			return Over{}, fmt.Errorf("%s has more than %d values: leave some out", o.Flag, MaxSteps)
		}
	}
	return o, nil
}

// expand returns the values of one element of the list: itself, if it has no operator.
func expand(part, kind string) (out []string, err error) {
	from, rest, ranged := strings.Cut(part, "..")
	at := strings.LastIndexAny(rest, "*+")
	if !ranged || at < 0 {
		return []string{part}, nil
	}
	parse := workload.Numbers[kind]
	if parse == nil {
		return nil, fmt.Errorf("%.64q is a range, and these values are no numbers: write them with commas between", part)
	}
	first, err1 := parse(from)
	last, err2 := parse(rest[:at])
	step, err3 := parse(rest[at+1:])
	next := func(x float64) float64 { return x + step }
	if rest[at] == '*' {
		next = func(x float64) float64 { return x * step }
		if step, err3 = strconv.ParseFloat(strings.TrimSpace(rest[at+1:]), 64); err3 != nil {
			err3 = errors.New("write a number to multiply by")
		}
	}
	switch err := cmp.Or(err1, err2, err3); {
	case err != nil:
		return nil, fmt.Errorf("%.64q: %w", part, err)
	case last < first:
		return nil, fmt.Errorf("%.64q goes down: write the smaller one first", part)
	case !(next(first) > first):
		return nil, fmt.Errorf("%.64q gets nowhere: multiply what is above 0 by more than 1, or add more than 0", part)
	}
	for x := first; x <= last*(1+1e-9) && len(out) <= MaxSteps; x = next(x) {
		out = append(out, write(x, kind))
	}
	return out, nil
}

// write writes a number as flags of that kind read it.
func write(n float64, kind string) string {
	switch kind {
	case "TIME":
		return time.Duration(n + 0.5).String()
	case "N", "BYTES":
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	return strconv.FormatFloat(n, 'g', 6, 64)
}
