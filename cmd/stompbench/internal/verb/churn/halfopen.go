package churn

import (
	"context"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// Stage is how far a half-open connection gets. After that it sends nothing.
type Stage int

// The stages.
const (
	AtTCP        Stage = iota // connected, and not a byte sent
	AtConnect                 // the first half of CONNECT is sent
	AtConnected               // CONNECTED was received; the promised heart-beats are not sent
	AtSubscribed              // as AtConnected, after SUBSCRIBE; and nothing is read
	stages                    // how many there are
)

var stageNames = []string{"tcp", "connect", "connected", "subscribed"}

// String returns the name of the stage.
func (s Stage) String() string { return stageNames[s] }

// MarshalText makes JSON have the name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseStage returns the stage with this name.
func ParseStage(name string) (s Stage, ok bool) {
	s = Stage(slices.Index(stageNames, name))
	return s, s >= 0
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

	// Reach connects as far as STOMP, or only TCP for AtTCP, and returns the CONNECT
	// frame to send.
	Reach func(ctx context.Context, s Stage) (nc net.Conn, connect []byte, err error) `json:"-"`
}

// halfOpen is the state of a run's half-open connections.
type halfOpen struct {
	HalfOpen
	eligible   atomic.Uint64 // connections since half-open ones are allowed
	chosen     atomic.Uint64
	begun      atomic.Bool // with the first one
	held, most atomic.Int64
	skipped    atomic.Uint64
	going      sync.WaitGroup

	before, with             *histo.Recorder
	failedBefore, failedWith atomic.Uint64

	mu       sync.Mutex // guards what follows
	outcomes [stages]held
}

// held is the outcome of the connections of one stage so far.
type held struct {
	HalfStage
	how, why tally
	after    *histo.Histogram
}

func newHalfOpen(cfg HalfOpen) *halfOpen {
	h := &halfOpen{HalfOpen: cfg, before: histo.NewRecorder(), with: histo.NewRecorder()}
	for i := range h.outcomes {
		h.outcomes[i] = held{HalfStage: HalfStage{Stage: Stage(i).String()}, how: tally{}, why: tally{}, after: histo.New()}
	}
	return h
}

// choose reports whether connection n is to be half-open, and up to which stage. If so, it reserves
// a place.
func (h *halfOpen) choose(n uint64, elapsed time.Duration) (s Stage, ok bool) {
	if h.Share <= 0 || elapsed < h.After || n < h.AfterCount {
		return 0, false
	}
	k := float64(h.eligible.Add(1) - 1)
	if math.Floor((k+1)*h.Share+1e-9) == math.Floor(k*h.Share+1e-9) {
		return 0, false
	}
	held := h.held.Add(1)
	if held > int64(h.Max) {
		h.held.Add(-1)
		h.skipped.Add(1)
		return 0, false
	}
	h.begun.Store(true)
	raise(&h.most, held)
	return h.Stages[(h.chosen.Add(1)-1)%uint64(len(h.Stages))], true
}

// phase is the group in which a connection is compared.
type phase int

const (
	between phase = iota // there have been half-open connections, and none is held
	before               // there has been no half-open connection yet
	with                 // at least one is held
)

func (h *halfOpen) phase() phase {
	switch {
	case h.Share <= 0 || !h.begun.Load():
		return before
	case h.held.Load() > 0:
		return with
	}
	return between
}

// others records the outcome of a complete connection that was begun in a phase.
func (h *halfOpen) others(p phase, ns int64, connected bool) {
	if h.Share <= 0 || p == between {
		return
	}
	times, failed := h.before, &h.failedBefore
	if p == with {
		times, failed = h.with, &h.failedWith
	}
	if connected {
		times.Record(ns)
	} else {
		failed.Add(1)
	}
}

// keep opens a connection up to a stage and holds it. Its place is free afterwards.
func (c *churning) keep(ctx context.Context, s Stage) {
	h := c.half
	defer h.held.Add(-1)
	opening, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	nc, err := c.openUpTo(opening, s)
	cancel()
	if err != nil {
		if !over(ctx) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.outcomes[s].Refused++
			h.outcomes[s].why.add("", reason(err))
		}
		return
	}
	defer nc.Close()
	began := c.clock.Now()
	ended, how := watch(ctx, nc, s != AtSubscribed, h.Hold)
	after := c.clock.Now() - began
	h.mu.Lock()
	defer h.mu.Unlock()
	x := &h.outcomes[s]
	x.Opened++
	switch {
	case ended:
		x.Closed++
		x.how.add("", strings.ReplaceAll(how, nc.LocalAddr().String(), "this address")) // otherwise each connection would have a reason of its own
		x.after.Record(after)
	case over(ctx):
		x.Left++
	default:
		x.StillOpen++
	}
}

// report returns the outcome of all half-open connections, nil if none were asked for.
func (h *halfOpen) report() *HalfReport {
	if h.Share <= 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &HalfReport{
		HoldNs: int64(h.Hold), MostHeld: h.most.Load(), Skipped: h.skipped.Load(), Stages: []HalfStage{},
		FailedBefore: h.failedBefore.Load(), FailedWith: h.failedWith.Load(),
	}
	for i := range h.outcomes {
		if slices.Contains(h.Stages, Stage(i)) {
			x := &h.outcomes[i]
			x.After, x.How, x.Why = report.DistributionOf(x.after), x.how.list(), x.why.list()
			r.Stages = append(r.Stages, x.HalfStage)
		}
	}
	return r
}
