package pause_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/pause"
)

// A process that did not run has heard nothing, and that is no silence.
func TestSilenceLeavesOutPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s pause.Silence
		for i, step := range []struct {
			pause time.Duration
			sign  bool
			want  time.Duration
		}{
			{0, false, 0},
			{10 * time.Millisecond, false, 10 * time.Millisecond},
			{100 * time.Millisecond, false, 110 * time.Millisecond},
			{time.Hour, false, 210 * time.Millisecond},
			{time.Second, true, 0},
			{20 * time.Millisecond, false, 20 * time.Millisecond},
		} {
			time.Sleep(step.pause)
			if got := s.Look(step.sign); got != step.want {
				t.Errorf("step %d: %v of silence, want %v", i, got, step.want)
			}
		}
	})
}
