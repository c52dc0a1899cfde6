package series

import (
	"fmt"
	"math"
)

// Check returns why a series that was read from a file cannot be used.
func (s *Series) Check() error {
	if !(s.Step >= 0.1 && s.Step <= 1e6) {
		return fmt.Errorf("series.step_s is %v", s.Step)
	}
	if len(s.Intervals) > 2*MaxIntervals {
		return fmt.Errorf("series has %d intervals, at most %d are possible", len(s.Intervals), 2*MaxIntervals)
	}
	last := 0.0
	for i := range s.Intervals {
		in := &s.Intervals[i]
		sound := in.T >= last && in.T <= 4*MaxIntervals*s.Step && in.Seconds >= 0 && in.Seconds <= in.T+s.Step &&
			in.CPU >= 0 && !math.IsInf(in.CPU, 0)
		if !sound {
			return fmt.Errorf("series.intervals[%d] cannot be: it ends at %v s and lasts %v s", i, in.T, in.Seconds)
		}
		last = in.T
		for name, latencies := range map[string]Latencies{"latency_ns": in.Latency, "warmup_latency_ns": in.Warmup} {
			for kind, l := range latencies {
				if l == nil || l.HDR.Count() != l.Count {
					return fmt.Errorf("series.intervals[%d].%s.%s: its histogram has not the samples it says", i, name, kind)
				}
			}
		}
	}
	return nil
}
