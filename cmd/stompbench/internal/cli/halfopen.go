package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
)

// halfFlags are the flags of churn that configure --half-open.
var halfFlags = []string{"half-open-at", "half-open-hold", "half-open-max", "half-open-after"}

func (s *churned) addHalfFlags(add func(name, def, help string, v *flags.Value)) {
	h := &s.half
	h.Stages, h.Hold, h.Max = []churn.Stage{churn.AtTCP, churn.AtConnect, churn.AtConnected}, time.Minute, 100
	add("half-open", "", "share of the connections to begin and never finish, such as 10%", flags.Share(&h.Share, 1e-6, 0.9999))
	add("half-open-at", "tcp,connect,connected", "how far they get, in turn: tcp, and not a byte; connect, half of CONNECT; connected, and then silent; subscribed, and then silent, and nothing is read",
		flags.Parsed(&h.Stages, "STAGES", parseStages))
	add("half-open-hold", "1m", "how long to hold each of them, unless the broker ends it", flags.Time(&h.Hold, time.Millisecond, 24*time.Hour))
	add("half-open-max", "100", "how many to hold at a time, at most", flags.Int(&h.Max, 1, 100_000))
	add("half-open-after", "", "when to begin with them; without it, after a quarter of --duration or --count, so that there is something to compare with",
		flags.Time(&h.After, 0, flags.MaxTime))
}

func parseStages(text string) (out []churn.Stage, err error) {
	for name := range strings.SplitSeq(text, ",") {
		s, ok := churn.ParseStage(strings.TrimSpace(name))
		if !ok {
			return nil, errors.New("choose from tcp, connect, connected and subscribed, with commas between")
		}
		out = append(out, s)
	}
	return out, nil
}

// checkHalf finds flags that contradict each other. The plan is complete.
func (s *churned) checkHalf(f *pflag.FlagSet) error {
	h := &s.half
	if !f.Changed("half-open") {
		for _, name := range halfFlags {
			if f.Changed(name) {
				return usage("--%s means nothing without --half-open: add it, or leave this out", name)
			}
		}
		return nil
	}
	switch {
	case s.Plan.Duration > 0 && h.After >= s.Plan.Duration:
		return usage("--half-open-after must be within --duration, which is %s", report.Elapsed(s.Plan.Duration))
	}
	switch {
	case f.Changed("half-open-after"):
	case s.Plan.Duration > 0:
		h.After = s.Plan.Duration / 4
	default:
		h.AfterCount = s.Plan.Count / 4
	}
	return nil
}

// tellHalf describes the half-open connections, for the head of a run and the dry run.
func (s *churned) tellHalf() string {
	h := &s.half
	names := make([]string, len(h.Stages))
	for i, stage := range h.Stages {
		names[i] = stage.String()
	}
	after := fmt.Sprintf("after %s", report.Elapsed(h.After))
	if h.AfterCount > 0 {
		after = fmt.Sprintf("after the first %s", report.Count(h.AfterCount))
	}
	return fmt.Sprintf("%.3g%% of the connections %s, at %s in turn, each for at most %s, at most %s at a time",
		100*h.Share, after, strings.Join(names, ", "), report.Elapsed(h.Hold), report.Count(uint64(h.Max)))
}
