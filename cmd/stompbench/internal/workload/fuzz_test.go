package workload_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// parsers are all that read a value of a flag. Each returns the value as text that it reads again.
var parsers = map[string]func(string) (string, error){
	"count":      text(workload.Within[uint64]("N", 0, 1<<53-1), nil),
	"int":        text(workload.Within("N", 0, math.MaxInt32), nil),
	"bytes":      text(workload.Within("BYTES", 0, math.MaxInt32), nil),
	"share":      text(workload.Within("SHARE", 0.0, 1), nil),
	"rate":       text(workload.Within("RATE", 0.0, workload.MaxRate), nil),
	"time":       text(workload.Within("TIME", 0, workload.MaxTime), nil),
	"range":      text(workload.ParseRange, nil),
	"sizes":      text(workload.ParseSizes, nil),
	"counts":     text(workload.ParseHeaderCounts, nil),
	"valuesizes": text(workload.ParseHeaderSizes, nil),
	"priorities": text(workload.ParsePriorities, nil),
	"profile":    text(workload.ParseRate, workload.FormatRate),
}

func text[T any](parse func(string) (T, error), format func(T) string) func(string) (string, error) {
	return func(s string) (string, error) {
		x, err := parse(s)
		if err != nil {
			return "", err
		}
		if f, ok := any(x).(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			panic(fmt.Sprintf("%q is read as %v", s, f))
		}
		if format != nil {
			return format(x), nil
		}
		return fmt.Sprint(x), nil
	}
}

// Whatever is read is written so that it is read as the same; what is refused says what to write.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1e308k", "-1", "5..14", "128:80,4k:15,64k:5", "10k:30s,0..50k:1m", "99%", "1h", "1e-300", "0..0:1e-9", "9:10,4:90"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kind, parse := range parsers {
			first, err := parse(s)
			if err != nil {
				if m := err.Error(); !strings.Contains(m, "write") && !strings.Contains(m, "choose") && !strings.Contains(m, "must be") && !strings.Contains(m, "leave") {
					t.Errorf("%s %q: %v", kind, s, err)
				}
				continue
			}
			if again, err := parse(first); err != nil || again != first {
				t.Errorf("%s: %q is written as %q and that as %q: %v", kind, s, first, again, err)
			}
		}
	})
}

// Values beyond all reason end where they are read, or with the plan, and take no memory.
func TestHostileValues(t *testing.T) {
	for kind, values := range map[string][]string{
		"count":      {"1e308", "1e308G", "-1", "nan", "inf", "0x10", "1_0", "9007199254740993"},
		"int":        {"1e308", "3G", "-3G", "nan", "1.5"},
		"bytes":      {"1e308", "2049MiB", "nan", "0.5"},
		"share":      {"1e308", "-0.1", "101%", "nan", "inf"},
		"rate":       {"1e308", "1e308k", "1e10", "-1", "1e-300", "inf", "5/day", "1e-300/h"},
		"time":       {"1e308", "-1e308", "10001h", "nan", "inf", "2562047h"},
		"range":      {"1..1e15", "0..1000000", "1e308", "-1..5", "5..4"},
		"sizes":      {"1:1e308", "1:0", "1:nan", "0..1e308", "-1", "65MiB", "0..2147483647", strings.Repeat("1,", 1000) + "1"},
		"counts":     {"1e308", "1e10", "-1", "1001"},
		"valuesizes": {"-1", "65537"},
		"priorities": {"10", "-1", "0..10", "1.5"},
		"profile":    {"1e308", "1k:1e308", "1k:9000h,1k:9000h", strings.Repeat("1:1s,", 1000) + "1", "0..1e10:5s"},
	} {
		for _, s := range values {
			if got, err := parsers[kind](s); err == nil {
				t.Errorf("%s: %.40q is read as %s", kind, s, got)
			}
		}
	}
	for says, edit := range map[string]func(*workload.Plan){
		"has %1000000000d in it": func(p *workload.Plan) { p.PublishTo = "/queue/%1000000000d" },
		"has %010d in it":        func(p *workload.Plan) { p.ConsumeFrom = "/queue/%d-%010d" },
	} {
		p := plan()
		edit(&p)
		if _, err := p.Complete(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want something about %q", err, says)
		}
	}
}
