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
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verb/batch"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/verdict"
)

// Step is a run with one of the values.
type Step struct {
	Value    string `json:"value"`
	ExitCode int    `json:"exit_code"`
	// Failure is why there is no result, or only a partial one.
	Failure string          `json:"failure,omitempty"`
	Result  *results.Result `json:"result,omitempty"` // nil if it could not start
}

// verdict describes what is wrong with a step, and what limited it.
func (s *Step) verdict() string {
	if s.Result == nil {
		return s.Failure
	}
	parts := []string{batch.Faults(s.Result)}
	if v := s.Result.Verdict; v != nil {
		parts = append(parts, "limit unclear")
		if v.Limit != verdict.Unclear {
			parts[1] = "limited by " + string(v.Limit)
		}
	}
	return strings.TrimPrefix(strings.Join(parts, ", "), ", ")
}

var percentiles = append(
	slices.DeleteFunc(slices.Clone(metric.Percentiles), func(p metric.Percentile) bool { return p.P == 95 || p.P > 99.9 }),
	metric.Percentile{Name: "max", P: 100, Of: func(d *metric.Distribution) int64 { return d.Max }})

// row is a row of the table for people, and of the CSV file for programs, each with its head.
type row struct{ titles, texts, names, numbers []string }

// title adds a column to the table, name to the file.
func (r *row) title(title, text string) {
	r.titles, r.texts = append(r.titles, title), append(r.texts, text)
}
func (r *row) name(name, number string) {
	r.names, r.numbers = append(r.names, name), append(r.numbers, number)
}

func (s *Step) row(flag string) *row {
	r, rep, made := &row{}, s.Result, s.Result != nil
	if !made {
		rep = &results.Result{}
	}
	metrics := func(titled bool, ids ...metric.ID) {
		for _, id := range ids {
			d, text, number := metric.Of(id), "-", ""
			x, known := rep.Get(id)
			if known && (x > 0 || id != metric.CPUPerMessage) {
				text = strings.TrimSuffix(report.Value(d, x), "/s")
			}
			if made {
				number = strconv.FormatFloat(x, 'f', -1, 64)
			}
			if titled {
				r.title(d.Name, text)
			}
			r.name(d.Name, number)
		}
	}
	r.title("  "+flag, "  "+s.Value)
	r.name(flag, s.Value)
	metrics(true, metric.SentPerS, metric.ReceivedPerS, metric.Unsent)
	of := metric.FromDue
	if made && rep.Plan.Consumers == 0 {
		of = metric.Confirm
	}
	d := rep.Latency[of]
	for _, p := range percentiles {
		text := "-"
		if made {
			text = report.Percentile(&d, p.P, p.Of(&d))
		}
		r.title(p.Name, text)
		r.name(strings.ReplaceAll(p.Name, ".", "_")+"_ns", strconv.FormatInt(p.Of(&d), 10))
	}
	metrics(true, metric.CPUPerMessage)
	metrics(false, metric.Sent, metric.Received, metric.Lost)
	r.title("exit", strconv.Itoa(s.ExitCode))
	r.name("exit_code", strconv.Itoa(s.ExitCode))
	r.name("latency", string(of))
	limit, kept := "", ""
	if v := rep.Verdict; v != nil {
		limit = string(v.Limit)
		if rep.Plan.RatePerSec > 0 {
			kept = strconv.FormatBool(v.RateKept)
		}
	}
	r.name("limited_by", limit)
	r.name("rate_kept", kept)
	r.title("", "  "+s.verdict())
	return r
}

// Table writes the steps, one to a row.
func (rep *sweepReport) Table() string {
	var b strings.Builder
	if rep.Partial {
		fmt.Fprintf(&b, "PARTIAL RESULT: interrupted after %d of %d steps\n\n", len(rep.Steps), rep.planned)
	}
	b.WriteString("  latency from when messages were due to their arrival or, without consumers, sent to their receipts\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i := range rep.Steps {
		r := rep.Steps[i].row(rep.flag)
		if i == 0 {
			fmt.Fprintln(w, strings.Join(r.titles, "\t"))
		}
		fmt.Fprintln(w, strings.Join(r.texts, "\t"))
	}
	_ = w.Flush()
	return b.String()
}

// WriteCSV writes the numbers of the steps, for programs.
func (rep *sweepReport) WriteCSV(f io.Writer) error {
	var lines [][]string
	for i := range rep.Steps {
		r := rep.Steps[i].row(rep.flag)
		if i == 0 {
			lines = append(lines, r.names)
		}
		lines = append(lines, r.numbers)
	}
	return csv.NewWriter(f).WriteAll(report.Cells(lines))
}
