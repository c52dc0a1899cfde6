package churn

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Stage is how far a half-open connection gets. After that it sends nothing.
type Stage = string

// The stages.
const (
	AtTCP        Stage = "tcp"        // connected, and not a byte sent
	AtConnect    Stage = "connect"    // the first half of CONNECT is sent
	AtConnected  Stage = "connected"  // CONNECTED was received; the promised heart-beats are not sent
	AtSubscribed Stage = "subscribed" // as AtConnected, after SUBSCRIBE; and nothing is read
)

var stages = []Stage{AtTCP, AtConnect, AtConnected, AtSubscribed}

// ParseStage returns the stage with this name.
func ParseStage(name string) (Stage, error) {
	if !slices.Contains(stages, name) {
		return "", errors.New("choose from " + strings.Join(stages, ", ") + ", with commas between")
	}
	return name, nil
}

// HalfOpen says which connections are left half-open. The zero value is none.
type HalfOpen struct {
	Share  float64 `json:"share"`  // of the connections, once there are any; below 1
	Stages []Stage `json:"stages"` // where they stop, in turn
	// Half-open connections begin only after After has passed and a number of connections was
	// begun, so that there is something to compare with.
	After      time.Duration `json:"after_ns"`
	AfterCount uint64        `json:"after_count"`
	Hold       time.Duration `json:"hold_ns"` // how long each is held, at most
	Max        int           `json:"max"`     // held at a time, at most; beyond it, connections are finished
}

// IsZero reports whether there are none.
func (h HalfOpen) IsZero() bool { return h.Share <= 0 }

// choose decides whether connection n is to be half-open. If so, it reserves a place and returns the
// stage and the number among half-open connections; otherwise nil. mu is held.
func (c *churning) choose(n uint64) (s *HalfStage, k int) {
	h, r := &c.HalfOpen, c.report.HalfOpen
	if r == nil || time.Duration(c.clock.Now()-c.start) < h.After || n < h.AfterCount {
		return nil, 0
	}
	c.eligible++
	if due := uint64(float64(c.eligible)*h.Share + 1e-9); r.chosen+r.Skipped >= due {
		return nil, 0
	}
	if c.report.Held >= uint64(h.Max) {
		r.Skipped++
		return nil, 0
	}
	c.report.Held++
	r.MostHeld = max(r.MostHeld, c.report.Held)
	k = int(r.chosen)
	r.chosen++
	name := h.Stages[k%len(h.Stages)]
	return r.Stages[slices.IndexFunc(r.Stages, func(s *HalfStage) bool { return s.Stage == name })], k
}

// beside returns the latency, besides that of connecting, for a complete connection that begins now:
// before there were half-open ones, or while some are held; otherwise "".
func (c *churning) beside() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r := &c.report; {
	case r.HalfOpen == nil:
	case r.HalfOpen.chosen == 0:
		return beforeHalf
	case r.Held > 0:
		return withHalf
	}
	return ""
}

// keep opens half-open connection k up to a stage and holds it. Its place is free afterwards.
func (c *churning) keep(ctx context.Context, s *HalfStage, k int) {
	defer c.note(func() { c.report.Held-- })
	opening, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	nc, err := c.openUpTo(opening, s.Stage, k)
	cancel()
	if err != nil {
		if !over(ctx) {
			c.note(func() {
				s.Refused++
				s.Why.add("", reason(err))
			})
		}
		return
	}
	defer nc.Close()
	began := c.clock.Now()
	how := nc.hold(ctx, s.Stage != AtSubscribed, c.HalfOpen.Hold)
	after := c.clock.Now() - began
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Opened++
	switch {
	case how != "":
		s.Closed++
		s.How.add("", strings.ReplaceAll(how, nc.LocalAddr().String(), "this address")) // otherwise each connection would have a reason of its own
		s.after.Record(after)
	case over(ctx):
		s.Left++
	default:
		s.StillOpen++
	}
}
