package churn

import (
	"context"
	"errors"
	"math"
	"net"
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

	// Reach connects as far as STOMP, or only TCP for AtTCP, and returns the CONNECT
	// frame to send.
	Reach func(ctx context.Context, s Stage) (nc net.Conn, connect []byte, err error) `json:"-"`
}

// choose reports whether connection n is to be half-open, and up to which stage. If so, it reserves
// a place. mu is held.
func (c *churning) choose(n uint64) (s Stage, ok bool) {
	h := &c.HalfOpen
	if h.Share <= 0 || time.Duration(c.clock.Now()-c.start) < h.After || n < h.AfterCount {
		return "", false
	}
	k := float64(c.eligible)
	c.eligible++
	if math.Floor((k+1)*h.Share+1e-9) == math.Floor(k*h.Share+1e-9) {
		return "", false
	}
	if c.held.now >= uint64(h.Max) {
		c.skipped++
		return "", false
	}
	c.held.up()
	c.chosen++
	return h.Stages[(c.chosen-1)%uint64(len(h.Stages))], true
}

// beside returns the latency, besides that of connecting, for a complete connection that begins now:
// before there were half-open ones, or while some are held; otherwise "".
func (c *churning) beside() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.HalfOpen.Share <= 0:
	case c.chosen == 0:
		return beforeHalf
	case c.held.now > 0:
		return withHalf
	}
	return ""
}

// keep opens a connection up to a stage and holds it. Its place is free afterwards.
func (c *churning) keep(ctx context.Context, s Stage) {
	defer c.note(func() { c.held.now-- })
	opening, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	nc, err := c.openUpTo(opening, s)
	cancel()
	x := c.outcomes[s]
	if err != nil {
		if !over(ctx) {
			c.note(func() {
				x.Refused++
				x.Why.add("", reason(err))
			})
		}
		return
	}
	defer nc.Close()
	began := c.clock.Now()
	ended, how := nc.hold(ctx, s != AtSubscribed, c.HalfOpen.Hold)
	after := c.clock.Now() - began
	c.mu.Lock()
	defer c.mu.Unlock()
	x.Opened++
	switch {
	case ended:
		x.Closed++
		x.How.add("", strings.ReplaceAll(how, nc.LocalAddr().String(), "this address")) // otherwise each connection would have a reason of its own
		x.after.Record(after)
	case over(ctx):
		x.Left++
	default:
		x.StillOpen++
	}
}
