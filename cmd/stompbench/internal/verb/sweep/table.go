package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

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

// latency returns the latency that a step is judged by: from when messages were due, or to their
// receipts if there are no consumers.
func (s *Step) latency() (d report.Distribution, of metric.Latency) {
	of = metric.FromDue
	if s.Result.Plan.Consumers == 0 {
		of = metric.Confirm
	}
	return s.Result.Latency[of], of
}

// percentiles are those of the table; 100 is the maximum.
var percentiles = append(
	slices.DeleteFunc(slices.Clone(metric.Percentiles), func(p metric.Percentile) bool { return p.P == 95 || p.P > 99.9 }),
	metric.Percentile{Name: "max", P: 100, Of: func(d *report.Distribution) int64 { return d.Max }})

// Verdict describes what is wrong with a step, and what limited it.
func (s *Step) Verdict() string {
	r := s.Result
	if s.Failure != "" || r == nil {
		return s.Failure
	}
	var parts []string
	for _, d := range metric.With(metric.Fault) {
		// Unsent has a column; the lost are in two parts, too.
		if n := r.Count(d.ID); n > 0 && d.ID != metric.Unsent && d.ID != metric.ConfirmedLost && d.ID != metric.UnconfirmedLost {
			parts = append(parts, report.Count(n)+" "+d.Label())
		}
	}
	if v := r.Verdict; v != nil && r.Plan.RatePerSec > 0 && !v.RateKept {
		parts = append(parts, fmt.Sprintf("rate of %s/s not kept", report.PerSecond(r.Plan.RatePerSec)))
	}
	for _, o := range r.SLO {
		if !o.Met {
			parts = append(parts, "not: "+o.String())
		}
	}
	switch v := r.Verdict; {
	case v == nil:
	case v.Limit == verdict.Unclear:
		parts = append(parts, "limit unclear")
	default:
		parts = append(parts, "limited by "+string(v.Limit))
	}
	return strings.Join(parts, ", ")
}

// Line returns a step in a few words.
func (s *Step) Line() string {
	if s.Result == nil {
		return s.Verdict()
	}
	d, _ := s.latency()
	text := fmt.Sprintf("%s/s, p99 %s, ", s.text(metric.SentPerS), report.Percentile(&d, 99, d.P99))
	if n := s.Result.Count(metric.Unsent); n > 0 {
		text += report.Count(n) + " unsent, "
	}
	return text + s.Verdict()
}

// text writes a metric, or a dash if it was not measured.
func (s *Step) text(id metric.ID) string {
	x, ok := s.Result.Get(id)
	if !ok || x == 0 && id == metric.CPUPerMessage {
		return "-"
	}
	return strings.TrimSuffix(report.Value(metric.Of(id), x), "/s")
}

// Table writes the steps, one to a row.
func Table(over Over, steps []Step) string {
	var b strings.Builder
	of := "from when messages were due to their arrival"
	for i := range steps {
		if s := &steps[i]; s.Result != nil && s.Result.Plan.Consumers == 0 {
			of = "from when messages were sent to their receipts"
		}
	}
	fmt.Fprintf(&b, "  latency %s\n\n", string(of))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  %s\tsent/s\treceived/s\tunsent\t", over.Flag)
	for _, p := range percentiles {
		fmt.Fprint(w, p.Name, "\t")
	}
	fmt.Fprint(w, "CPU/message\texit\t\n")
	for i := range steps {
		s := &steps[i]
		cells := strings.Repeat("-\t", 4+len(percentiles))
		if s.Result != nil {
			d, _ := s.latency()
			cells = fmt.Sprintf("%s\t%s\t%s\t", s.text(metric.SentPerS), s.text(metric.ReceivedPerS), s.text(metric.Unsent))
			for _, p := range percentiles {
				cells += report.Percentile(&d, p.P, p.Of(&d)) + "\t"
			}
			cells += s.text(metric.CPUPerMessage) + "\t"
		}
		fmt.Fprintf(w, "  %s\t%s%d\t  %s\n", s.Value, cells, s.ExitCode, s.Verdict())
	}
	_ = w.Flush()
	return b.String()
}

// WriteCSV writes the numbers of the steps, for programs.
func WriteCSV(f io.Writer, over Over, steps []Step) error {
	head := []string{over.Flag, "exit_code", "sent_per_s", "received_per_s", "latency"}
	for _, p := range percentiles {
		head = append(head, strings.ReplaceAll(p.Name, ".", "_")+"_ns")
	}
	lines := [][]string{append(head, "cpu_ns_per_message", "sent", "received", "lost", "limited_by", "unsent", "rate_kept")}
	for i := range steps {
		s := &steps[i]
		line := make([]string, len(lines[0]))
		line[0], line[1] = s.Value, strconv.Itoa(s.ExitCode)
		if r := s.Result; r != nil {
			number := func(id metric.ID, decimals int) string { return strconv.FormatFloat(r.Value(id), 'f', decimals, 64) }
			d, of := s.latency()
			line = append(line[:2], number(metric.SentPerS, 3), number(metric.ReceivedPerS, 3), string(of))
			for _, p := range percentiles {
				line = append(line, strconv.FormatInt(p.Of(&d), 10))
			}
			limit, kept := "", ""
			if v := r.Verdict; v != nil {
				limit = string(v.Limit)
				if r.Plan.RatePerSec > 0 {
					kept = strconv.FormatBool(v.RateKept)
				}
			}
			line = append(line, number(metric.CPUPerMessage, 0), number(metric.Sent, 0), number(metric.Received, 0), number(metric.Lost, 0),
				limit, number(metric.Unsent, 0), kept)
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(f).WriteAll(report.Cells(lines))
}
