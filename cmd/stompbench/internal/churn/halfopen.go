package churn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
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

var stageNames = [stages]string{"tcp", "connect", "connected", "subscribed"}

// String returns the name of the stage.
func (s Stage) String() string { return stageNames[s] }

// ParseStage returns the stage with this name.
func ParseStage(name string) (s Stage, ok bool) {
	for s := range stages {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}

// HalfOpen says which connections are left half-open. The zero value is none.
type HalfOpen struct {
	Share  float64 // of the connections, once there are any; below 1
	Stages []Stage // where they stop, in turn
	// Half-open connections begin only after After has passed and a number of connections was
	// begun, so that there is something to compare with.
	After      time.Duration
	AfterCount uint64
	Hold       time.Duration // how long each is held, at most
	Max        int           // held at a time, at most; beyond it, connections are finished

	Dialect dialect.Dialect // of the broker, as far as it is known before it answers

	// Reach connects as far as STOMP, or only TCP for AtTCP, and returns the CONNECT
	// frame to send.
	Reach func(ctx context.Context, s Stage) (nc net.Conn, connect []byte, err error)
}

// Held is the outcome of the half-open connections of one stage.
type Held struct {
	Stage   Stage
	Opened  uint64            // reached the stage
	Refused uint64            // did not reach it
	Reasons map[string]uint64 // the reasons, with how many of those
	Closed  uint64            // by the broker
	How     map[string]uint64 // in which way, with how many of those
	After   *histo.Histogram  // how long after they fell silent
	Kept    uint64            // open after HalfOpen.Hold
	Left    uint64            // open when the run was interrupted
}

// HalfResult is the outcome of all half-open connections, and of the others meanwhile.
type HalfResult struct {
	Stages   []Held // the stages that were asked for
	MostHeld int64
	Skipped  uint64 // finished because of HalfOpen.Max
	// Latency from CONNECT to CONNECTED of the other connections: of those begun before there were
	// half-open ones, and of those begun while at least one was held; and how many of each failed.
	Before, With             *histo.Histogram
	FailedBefore, FailedWith uint64
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

	mu     sync.Mutex // guards what follows
	stages [stages]Held
	after  [stages]*histo.Recorder
}

func newHalfOpen(cfg HalfOpen) *halfOpen {
	h := &halfOpen{HalfOpen: cfg, before: histo.NewRecorder(), with: histo.NewRecorder()}
	for i := range h.stages {
		h.stages[i] = Held{Stage: Stage(i), Reasons: map[string]uint64{}, How: map[string]uint64{}}
		h.after[i] = histo.NewRecorder()
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
	switch {
	case h.Share <= 0 || p == between:
	case p == before && connected:
		h.before.Record(ns)
	case p == before:
		h.failedBefore.Add(1)
	case connected:
		h.with.Record(ns)
	default:
		h.failedWith.Add(1)
	}
}

// keep opens a connection up to a stage and holds it. Its place is free afterwards.
func (c *churning) keep(ctx context.Context, s Stage) {
	h := c.half
	defer h.held.Add(-1)
	opening, cancel := context.WithTimeout(ctx, c.Timeout)
	nc, err := c.openUpTo(opening, s)
	cancel()
	if err != nil {
		if !over(ctx) {
			h.note(s, func(x *Held) { x.Refused++; x.Reasons[bounded(x.Reasons, reason(err))]++ })
		}
		return
	}
	defer nc.Close()
	began := c.clock.Now()
	ended, how := watch(ctx, nc, s != AtSubscribed, h.Hold)
	after := c.clock.Now() - began
	how = strings.ReplaceAll(how, nc.LocalAddr().String(), "this address") // otherwise each connection would have a reason of its own
	h.note(s, func(x *Held) {
		x.Opened++
		switch {
		case ended:
			x.Closed++
			x.How[bounded(x.How, how)]++
			h.after[s].Record(after)
		case over(ctx):
			x.Left++
		default:
			x.Kept++
		}
	})
}

func (h *halfOpen) note(s Stage, f func(*Held)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.stages[s])
}

// bounded returns key, or "other" if m has many reasons already.
func bounded(m map[string]uint64, key string) string {
	if _, known := m[key]; !known && len(m) >= maxReasons {
		return "other"
	}
	return key
}

// openUpTo opens a connection up to a stage.
func (c *churning) openUpTo(ctx context.Context, s Stage) (nc net.Conn, err error) {
	nc, connect, err := c.half.Reach(ctx, s)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	switch s {
	case AtTCP:
	case AtConnect:
		_, err = nc.Write(connect[:len(connect)/2])
	default:
		if err = login(nc, connect); err == nil && s == AtSubscribed {
			err = c.subscribeTo(nc)
		}
	}
	if err != nil {
		_ = nc.Close()
		if ctx.Err() != nil {
			err = ctx.Err() // the deadline was ours
		}
		return nil, err
	}
	return nc, nil
}

// maxConnected bounds CONNECTED, and the part of an ERROR that is reported, in bytes.
const maxConnected = 16 << 10

// login sends CONNECT and reads CONNECTED, and not a byte after it: a stuck consumer must not take
// any message.
func login(nc net.Conn, connect []byte) error {
	if _, err := nc.Write(connect); err != nil {
		return err
	}
	var answer []byte
	for b := make([]byte, 1); ; {
		if _, err := nc.Read(b); err != nil {
			return err
		}
		if b[0] == 0 {
			break
		}
		if answer = append(answer, b[0]); len(answer) > maxConnected {
			return fmt.Errorf("no CONNECTED in %d bytes: %w", maxConnected, frame.ErrProtocol)
		}
	}
	answer = bytes.TrimLeft(answer, "\r\n")
	if command, _, _ := bytes.Cut(answer, []byte("\n")); string(bytes.TrimRight(command, "\r")) != "CONNECTED" {
		return errors.New(refusal(answer))
	}
	return nil
}

// subscribeTo subscribes without waiting for an answer, which would not be read.
func (c *churning) subscribeTo(nc net.Conn) error {
	h := []frame.Field{
		{Name: frame.HeaderID, Value: "0"}, {Name: frame.HeaderDestination, Value: c.Destination(0)},
		{Name: frame.HeaderAck, Value: c.Ack.String()},
	}
	if c.Fields != nil {
		h = append(h, c.Fields(c.half.Dialect)...)
	}
	subscribe, err := writer.AppendFrameNoLength(nil, frame.Version11, frame.CmdSubscribe, h, nil)
	if err == nil {
		_, err = nc.Write(subscribe)
	}
	return err
}

// unescaped undoes the escapes of STOMP 1.1 and 1.2, for display.
var unescaped = strings.NewReplacer(`\\`, `\`, `\c`, ":", `\n`, " ", `\r`, "")

// refusal returns the text of an ERROR, in the form that reason gives the client's errors.
func refusal(answer []byte) string {
	command, rest, _ := bytes.Cut(answer, []byte("\n"))
	if string(bytes.TrimRight(command, "\r")) != "ERROR" {
		return "what answers there does not speak STOMP"
	}
	for line := range bytes.SplitSeq(rest, []byte("\n")) {
		if message, ok := bytes.CutPrefix(line, []byte("message:")); ok {
			return fmt.Sprintf("the broker says: %.200s", unescaped.Replace(string(bytes.TrimRight(message, "\r"))))
		}
	}
	return "the broker says ERROR"
}

func (c *churning) halfResult() *HalfResult {
	h := c.half
	if h.Share <= 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &HalfResult{
		MostHeld: h.most.Load(), Skipped: h.skipped.Load(), Before: histo.New(), With: histo.New(),
		FailedBefore: h.failedBefore.Load(), FailedWith: h.failedWith.Load(),
	}
	h.before.Drain(r.Before)
	h.with.Drain(r.With)
	for s := range stages {
		wanted := false
		for _, x := range h.Stages {
			wanted = wanted || x == s
		}
		if wanted {
			held := h.stages[s]
			held.After = histo.New()
			h.after[s].Drain(held.After)
			r.Stages = append(r.Stages, held)
		}
	}
	return r
}
