package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/churn"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// halfReport is the JSON form of the outcome of half-open connections.
type halfReport struct {
	HoldNs   int64       `json:"hold_ns"`
	MostHeld int64       `json:"most_held"`
	Skipped  uint64      `json:"skipped"` // completed instead, because --half-open-max were held
	Stages   []halfStage `json:"stages"`
	// How many of the other connections failed before there were any, and while some
	// were held. Their latencies are connect_before_half_open and
	// connect_with_half_open.
	FailedBefore uint64 `json:"others_failed_before"`
	FailedWith   uint64 `json:"others_failed_with"`
}

type halfStage struct {
	Stage     string              `json:"stage"`
	Opened    uint64              `json:"opened"`
	Refused   uint64              `json:"refused"` // did not reach the stage
	Closed    uint64              `json:"closed_by_broker"`
	StillOpen uint64              `json:"still_open"`  // after hold_ns
	Left      uint64              `json:"interrupted"` // were open when the run was interrupted
	After     report.Distribution `json:"closed_after_ns"`
	How       []halfReason        `json:"how_closed"`
	Why       []halfReason        `json:"why_refused"`
}

type halfReason struct {
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

func newHalfReport(r *churn.HalfResult, hold time.Duration) *halfReport {
	out := &halfReport{
		HoldNs: int64(hold), MostHeld: r.MostHeld, Skipped: r.Skipped, Stages: []halfStage{},
		FailedBefore: r.FailedBefore, FailedWith: r.FailedWith,
	}
	for i := range r.Stages {
		h := &r.Stages[i]
		out.Stages = append(out.Stages, halfStage{
			Stage: h.Stage.String(), Opened: h.Opened, Refused: h.Refused, Closed: h.Closed, StillOpen: h.Kept, Left: h.Left,
			After: report.DistributionOf(h.After), How: mostFirst(h.How), Why: mostFirst(h.Reasons),
		})
	}
	return out
}

func mostFirst(m map[string]uint64) []halfReason {
	out := []halfReason{}
	for _, reason := range slices.Sorted(maps.Keys(m)) {
		out = append(out, halfReason{reason, m[reason]})
	}
	slices.SortStableFunc(out, func(a, b halfReason) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// write writes it as text; nothing if no half-open connections were asked for.
func (r *halfReport) write(b *strings.Builder) {
	if r == nil {
		return
	}
	fmt.Fprintf(b, "  half-open      at most %s at a time\n", report.Count(uint64(r.MostHeld)))
	if r.Skipped > 0 {
		fmt.Fprintf(b, "                 %s more were due, and finished since so many were held: see --half-open-max\n", report.Count(r.Skipped))
	}
	for i := range r.Stages {
		r.Stages[i].write(b, time.Duration(r.HoldNs))
	}
	if r.FailedBefore+r.FailedWith > 0 {
		fmt.Fprintf(b, "                 of the others failed: %s before there were any, %s while some were held\n", report.Count(r.FailedBefore), report.Count(r.FailedWith))
	}
}

func (h *halfStage) write(b *strings.Builder, hold time.Duration) {
	parts := []string{report.Count(h.Opened) + " opened"}
	if h.Closed > 0 {
		parts = append(parts, fmt.Sprintf("%s closed by the broker after p50 %s, max %s", report.Count(h.Closed),
			report.Duration(time.Duration(h.After.P50)), report.Duration(time.Duration(h.After.Max))))
	}
	if h.StillOpen > 0 {
		parts = append(parts, fmt.Sprintf("%s still open after %s", report.Count(h.StillOpen), report.Elapsed(hold)))
	}
	if h.Left > 0 {
		parts = append(parts, fmt.Sprintf("%s open when the run was interrupted", report.Count(h.Left)))
	}
	if h.Refused > 0 {
		parts = append(parts, fmt.Sprintf("%s did not get so far", report.Count(h.Refused)))
	}
	fmt.Fprintf(b, "    %-11s  %s\n", h.Stage, strings.Join(parts, ", "))
	for _, list := range [][]halfReason{h.How, h.Why} {
		for _, x := range list {
			fmt.Fprintf(b, "                 %s × %s\n", report.Count(x.Count), oneLine(x.Reason))
		}
	}
}
