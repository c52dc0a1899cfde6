package sweep

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/metric"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// Step is a run with one of the values.
type Step struct {
	Value    string `json:"value"`
	ExitCode int    `json:"exit_code"`
	// Failure is why there is no result, or only a partial one.
	Failure string         `json:"failure,omitempty"`
	Result  *report.Report `json:"result,omitempty"` // nil if it could not start
}

// latency returns the latency that a step is judged by, and whether it was measured: from when
// messages were due, or to their receipts if there are no consumers.
func (s *Step) latency() (d report.Distribution, of metric.Latency) {
	of = metric.FromDue
	if s.Result.Plan.Consumers == 0 {
		of = metric.Confirm
	}
	return s.Result.Latency[of], of
}

// Remark returns a remark on a step besides its numbers.
func (s *Step) Remark() string {
	r := s.Result
	if s.Failure != "" || r == nil {
		return s.Failure
	}
	var parts []string
	for _, fault := range []struct {
		n    uint64
		what string
	}{
		{r.Count(metric.Lost), "lost"}, {r.Count(metric.Duplicated), "duplicated"}, {r.Count(metric.Corrupt), "corrupt"},
		{r.Count(metric.Rejected), "rejected"}, {r.Count(metric.Unsent), "due and not sent"},
	} {
		if fault.n > 0 {
			parts = append(parts, report.Count(fault.n)+" "+fault.what)
		}
	}
	for _, o := range r.SLO {
		if !o.Met {
			parts = append(parts, "not: "+o.String())
		}
	}
	if r.Verdict != nil {
		parts = append(parts, limitedBy(r.Verdict.Limit))
	}
	return strings.Join(parts, ", ")
}

func limitedBy(l verdict.Limit) string {
	if l == verdict.Unclear {
		return "limit unclear"
	}
	return "limited by " + string(l)
}

// Line returns a step in a few words.
func (s *Step) Line() string {
	if s.Result == nil {
		return s.Remark()
	}
	d, _ := s.latency()
	return fmt.Sprintf("%s/s, p99 %s, %s", report.PerSecond(s.Result.Value(metric.SentPerS)), percentile(d.P99, 99, d.Count), s.Remark())
}

// Table writes the steps, one to a row.
func Table(over Over, steps []Step) string {
	var b strings.Builder
	of := metric.FromDue
	for i := range steps {
		if steps[i].Result != nil {
			_, of = steps[i].latency()
		}
	}
	fmt.Fprintf(&b, "  latency %s\n\n", map[metric.Latency]string{
		metric.FromDue: "from when messages were due to their arrival", metric.Confirm: "from when messages were sent to their receipts",
	}[of])
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  %s\tsent/s\treceived/s\tp50\tp90\tp99\tp99.9\tmax\tCPU/message\t\n", over.Flag)
	for i := range steps {
		s := &steps[i]
		if s.Result == nil {
			fmt.Fprintf(w, "  %s\t-\t-\t-\t-\t-\t-\t-\t-\t  %s\n", s.Value, s.Remark())
			continue
		}
		d, _ := s.latency()
		fmt.Fprintf(w, "  %s\t%s\t%s\t", s.Value, report.PerSecond(s.Result.Value(metric.SentPerS)), report.PerSecond(s.Result.Value(metric.ReceivedPerS)))
		for _, p := range []struct {
			percent float64
			ns      int64
		}{{50, d.P50}, {90, d.P90}, {99, d.P99}, {99.9, d.P999}} {
			fmt.Fprintf(w, "%s\t", percentile(p.ns, p.percent, d.Count))
		}
		fmt.Fprintf(w, "%s\t", percentile(d.Max, 0, d.Count))
		cpu := "-"
		if ns := s.Result.Value(metric.CPUPerMessage); ns > 0 {
			cpu = report.Duration(time.Duration(ns))
		}
		fmt.Fprintf(w, "%s\t  %s\n", cpu, s.Remark())
	}
	_ = w.Flush()
	return b.String()
}

// fewest is how many samples must be above a percentile for it to be meaningful, as in the report
// of a run.
const fewest = 10

// percentile writes a percentile of count samples. 0 percent stands for the maximum, which is
// always meaningful.
func percentile(ns int64, percent float64, count uint64) string {
	if count == 0 || percent > 0 && float64(count)*(100-percent)/100 < fewest-1e-9 {
		return "-"
	}
	return report.Duration(time.Duration(ns))
}

// CSV writes the numbers of the steps, for programs.
func CSV(over Over, steps []Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s,exit_code,sent_per_s,received_per_s,latency,p50_ns,p90_ns,p99_ns,p99_9_ns,max_ns,cpu_ns_per_message,sent,received,lost,limited_by\n", over.Flag)
	for i := range steps {
		s := &steps[i]
		if s.Result == nil {
			fmt.Fprintf(&b, "%s,%d,,,,,,,,,,,,,\n", quoted(s.Value), s.ExitCode)
			continue
		}
		r := s.Result
		d, of := s.latency()
		limit := ""
		if r.Verdict != nil {
			limit = string(r.Verdict.Limit)
		}
		fmt.Fprintf(&b, "%s,%d,%.3f,%.3f,%s,%d,%d,%d,%d,%d,%.0f,%d,%d,%d,%s\n", quoted(s.Value), s.ExitCode, r.Value(metric.SentPerS), r.Value(metric.ReceivedPerS),
			of, d.P50, d.P90, d.P99, d.P999, d.Max, r.Value(metric.CPUPerMessage), r.Count(metric.Sent), r.Count(metric.Received), r.Count(metric.Lost), limit)
	}
	return b.String()
}

// quoted quotes a text for CSV.
func quoted(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
