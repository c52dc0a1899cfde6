package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/churn"
)

// halfFlags are the flags of churn that configure --half-open.
var halfFlags = []string{"half-open-at", "half-open-hold", "half-open-max", "half-open-after"}

func (s *churned) addHalfFlags(add func(name, letter, kind, text, help string, v *value)) {
	h := &s.half
	h.Stages, h.Hold, h.Max = []churn.Stage{churn.AtTCP, churn.AtConnect, churn.AtConnected}, time.Minute, 100
	add("half-open", "", "SHARE", "", "share of the connections to begin and never finish, such as 10%", parsed(&h.Share, parseShare))
	add("half-open-at", "", "STAGES", "tcp,connect,connected", "how far they get, in turn: tcp, and not a byte; connect, half of CONNECT; connected, and then silent; subscribed, and then silent, and nothing is read",
		parsed(&h.Stages, parseStages))
	add("half-open-hold", "", "TIME", "1m", "how long to hold each of them, unless the broker ends it", parsed(&h.Hold, parseDuration))
	add("half-open-max", "", "N", "100", "how many to hold at a time, at most", parsed(&h.Max, parseInt))
	add("half-open-after", "", "TIME", "", "when to begin with them; without it, after a quarter of --duration or --count, so that there is something to compare with",
		parsed(&h.After, parseDuration))
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
	case h.Share <= 0 || h.Share >= 1 || h.Share != h.Share:
		return usage("--half-open is %v: choose a share above 0 and below 1, such as 10%%", h.Share)
	case h.Hold <= 0 || h.Hold > 24*time.Hour:
		return usage("--half-open-hold is %v: choose from above 0 to 24h", h.Hold)
	case h.Max < 1 || h.Max > 100_000:
		return usage("--half-open-max is %d: choose from 1 to 100000", h.Max)
	case h.After < 0 || s.plan.Duration > 0 && h.After >= s.plan.Duration:
		return usage("--half-open-after must be within --duration, which is %s", report.Elapsed(s.plan.Duration))
	}
	switch {
	case f.Changed("half-open-after"):
	case s.plan.Duration > 0:
		h.After = s.plan.Duration / 4
	default:
		h.AfterCount = s.plan.Count / 4
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
