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
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
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

func stepOf(t *batch.Turn) Step {
	s := Step{Value: t.Scenario, ExitCode: t.ExitCode, Failure: t.Trouble, Result: t.Report}
	if s.Result != nil {
		s.Failure = s.Result.Failure
	}
	return s
}

// The columns of the table and of the CSV file. Latencies are from when messages were due, or to their
// receipts if there are no consumers.
var (
	percentiles = append(
		slices.DeleteFunc(slices.Clone(metric.Percentiles), func(p metric.Percentile) bool { return p.P == 95 || p.P > 99.9 }),
		metric.Percentile{Name: "max", P: 100, Of: func(d *report.Distribution) int64 { return d.Max }})
	inTable = []metric.ID{metric.SentPerS, metric.ReceivedPerS, metric.Unsent}
	inCSV   = append(inTable, metric.CPUPerMessage, metric.Sent, metric.Received, metric.Lost)
)

func (s *Step) latency() metric.Latency {
	if s.Result.Plan.Consumers == 0 {
		return metric.Confirm
	}
	return metric.FromDue
}

// verdict describes what is wrong with a step, and what limited it.
func (s *Step) verdict() string {
	if s.Result == nil {
		return s.Failure
	}
	text := batch.Faults(s.Result)
	if v := s.Result.Verdict; v != nil {
		if text != "" {
			text += ", "
		}
		if v.Limit == verdict.Unclear {
			return text + "limit unclear"
		}
		return text + "limited by " + string(v.Limit)
	}
	return text
}

// text writes a metric, or a dash if it was not measured.
func (s *Step) text(id metric.ID) string {
	if s.Result == nil {
		return "-"
	}
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
	if slices.ContainsFunc(steps, func(s Step) bool { return s.Result != nil && s.latency() == metric.Confirm }) {
		of = "from when messages were sent to their receipts"
	}
	fmt.Fprintf(&b, "  latency %s\n\n", of)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  %s\tsent/s\treceived/s\tunsent\t", over.Flag)
	for _, p := range percentiles {
		fmt.Fprint(w, p.Name, "\t")
	}
	fmt.Fprint(w, "CPU/message\texit\t\n")
	for i := range steps {
		s := &steps[i]
		cells := []string{"  " + s.Value}
		for _, id := range inTable {
			cells = append(cells, s.text(id))
		}
		for _, p := range percentiles {
			text := "-"
			if s.Result != nil {
				d := s.Result.Latency[s.latency()]
				text = report.Percentile(&d, p.P, p.Of(&d))
			}
			cells = append(cells, text)
		}
		cells = append(cells, s.text(metric.CPUPerMessage), strconv.Itoa(s.ExitCode), "  "+s.verdict())
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush()
	return b.String()
}

// WriteCSV writes the numbers of the steps, for programs.
func WriteCSV(f io.Writer, over Over, steps []Step) error {
	head := []string{over.Flag, "exit_code"}
	for _, id := range inCSV {
		head = append(head, metric.Of(id).Name)
	}
	head = append(head, "latency")
	for _, p := range percentiles {
		head = append(head, strings.ReplaceAll(p.Name, ".", "_")+"_ns")
	}
	lines := [][]string{append(head, "limited_by", "rate_kept")}
	for i := range steps {
		r := steps[i].Result
		line := []string{steps[i].Value, strconv.Itoa(steps[i].ExitCode)}
		if r != nil {
			for _, id := range inCSV {
				line = append(line, strconv.FormatFloat(r.Value(id), 'f', -1, 64))
			}
			of := steps[i].latency()
			d := r.Latency[of]
			line = append(line, string(of))
			for _, p := range percentiles {
				line = append(line, strconv.FormatInt(p.Of(&d), 10))
			}
			if v := r.Verdict; v != nil {
				line = append(line, string(v.Limit))
				if r.Plan.RatePerSec > 0 {
					line = append(line, strconv.FormatBool(v.RateKept))
				}
			}
		}
		lines = append(lines, append(line, make([]string, len(lines[0])-len(line))...))
	}
	return csv.NewWriter(f).WriteAll(report.Cells(lines))
}
