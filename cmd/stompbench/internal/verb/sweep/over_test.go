package sweep_test

import (
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/sweep"
)

// kinds are those of a few flags.
func kinds(flag string) string {
	return map[string]string{"n": "N", "size": "BYTES", "rate": "RATE", "t": "TIME", "share": "SHARE", "mode": "MODE"}[flag]
}

func TestOver(t *testing.T) {
	for in, out := range map[string]string{
		"n=0,1,4,16,64":        "n=0,1,4,16,64",
		"--n=1, 2":             "n=1,2",
		"n=1..1000*10":         "n=1,10,100,1000",
		"n=1..999*10":          "n=1,10,100",
		"n=10..50+20":          "n=10,30,50",
		"n=0..2+1,8..32*2":     "n=0,1,2,8,16,32",
		"n=5..5*2":             "n=5",
		"n=0..64":              "n=0..64", // a value of the flag's own
		"size=1k..64k*4":       "size=1024,4096,16384,65536",
		"size=100..4k,1k:2":    "size=100..4k,1k:2",
		"rate=1k..4k*2,300k/m": "rate=1000,2000,4000,300k/m",
		"t=1ms..1s*10":         "t=1ms,10ms,100ms,1s",
		"share=0..1+0.25":      "share=0,0.25,0.5,0.75,1",
		"n=1..3*1.5":           "n=1,2,2",
		"mode=auto,client":     "mode=auto,client",
	} {
		o, err := sweep.ParseOver(in, kinds)
		if err != nil || o.String() != out {
			t.Errorf("%s: %v, %v, want %s", in, o, err, out)
		}
	}
	for in, says := range map[string]string{
		"":                                     "such as size=",
		"n":                                    "such as size=",
		"=1":                                   "such as size=",
		"n=":                                   "empty value",
		"n=1,,2":                               "empty value",
		"window=1":                             "no flag",
		"n=10..1*2":                            "goes down",
		"n=0..10*2":                            "gets nowhere",
		"n=1..10*1":                            "gets nowhere",
		"n=1..10+0":                            "gets nowhere",
		"n=1..x*2":                             "whole number",
		"n=1..10*":                             "multiply by",
		"n=1..10*x":                            "multiply by",
		"n=1..10*NaN":                          "gets nowhere",
		"n=1..200+1":                           "more than 100",
		"mode=a..c*2":                          "no numbers",
		"n=1..1M*1.001":                        "more than 100",
		"n=" + strings.Repeat("1,", 100) + "1": "more than 100",
	} {
		if o, err := sweep.ParseOver(in, kinds); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v, %v, want something about %q", in, o, err, says)
		}
	}
}

// No range is without end, whatever it says.
func FuzzParseOver(f *testing.F) {
	for _, seed := range []string{"n=1..1000*10", "size=1k..64k*4", "t=1ms..1s*10", "share=0..1+0.25", "rate=1..1e300*2", "n=1..10*NaN", "n=1..10*Inf", "t=1..2*-3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if o, err := sweep.ParseOver(s, kinds); err == nil && (len(o.Values) == 0 || len(o.Values) > sweep.MaxSteps) {
			t.Errorf("%q: %d values", s, len(o.Values))
		}
	})
}
