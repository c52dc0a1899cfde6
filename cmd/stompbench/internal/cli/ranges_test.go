//go:build !race

// Not under the race detector: it has nothing to find where one goroutine parses a thousand command lines, and takes long.

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb"
)

// anyText are the kinds of values that can be any text but none.
var anyText = []string{"CMD", "DEST", "DIR", "FILE", "FILES", "HOST", "NAME", "ORIGIN", "URI"}

// orZero are the flags that may be 0.
var orZero = []string{
	"ack-every=", "await=", "coalesce-reads", "confirm", "consumer-latency", "consumers", "count=", "destinations=", "down", "duration", "half-open-after",
	"header-count", "header-escape", "header-size", "heart-beat", "hold", "nack", "pause", "priority", "producers", "prometheus", "prometheus-wait", "rate-tolerance", "repeat", "restart-after",
	"seed", "size", "skip", "subscriptions", "transaction", "warmup", "max-time",
}

// Every flag of every verb refuses what is no value for it before anything else happens, and says
// what to write instead.
func TestEveryFlagHasItsRangeChecked(t *testing.T) {
	tried := 0
	for _, cmd := range newRoot(&verb.Env{Stdout: io.Discard, Stderr: io.Discard}).Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			kind := f.Value.Type()
			if f.Name == "help" || f.Name == "help-all" || f.Name == "version" {
				return
			}
			absurd := []string{"", " "}
			if !slices.Contains(anyText, kind) {
				absurd = append(absurd, "-1", "NaN", "Inf", "-0.5", "1e300", "99999999999999999999999", "0x10", "-9223372036854775809", "\x00")
			}
			if kind != "bool" && !slices.Contains(anyText, kind) && !slices.Contains(orZero, f.Name) {
				absurd = append(absurd, "0")
			}
			for _, value := range absurd {
				var out, err strings.Builder
				ctx, cancel := context.WithCancel(t.Context())
				cancel() // what is accepted ends at once
				args := []string{cmd.Name(), fmt.Sprintf("--%s=%s", f.Name, value)}
				if cmd.Name() == "sweep" && f.Name != "over" {
					args = append(args, "--over", "coalesce-reads=1ms,2ms")
				}
				code := Run(ctx, args, &out, &err)
				says := err.String()
				advises := slices.ContainsFunc([]string{"choose", "write", "give", "leave", "name"}, func(word string) bool { return strings.Contains(says, word) })
				if code != ExitUsage || out.Len() > 0 || !strings.Contains(says, "--"+f.Name) || !advises || strings.Count(says, "\n") != 1 {
					t.Errorf("%s --%s=%q: exit %d, %q", cmd.Name(), f.Name, value, code, says)
				}
				tried++
			}
		})
	}
	if tried < 1000 {
		t.Errorf("only %d values were tried", tried)
	}
}
