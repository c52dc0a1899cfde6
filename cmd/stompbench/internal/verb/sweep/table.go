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

func stepOf(t *batch.Turn) Step {
	s := Step{Value: t.Scenario, ExitCode: t.ExitCode, Failure: t.Trouble}
	if t.Made {
		s.Result, s.Failure = t.Result.Summary(), t.Result.Failure
	}
	return s
}

var percentiles = append(
	slices.DeleteFunc(slices.Clone(metric.Percentiles), func(p metric.Percentile) bool { return p.P == 95 || p.P > 99.9 }),
	metric.Percentile{Name: "max", P: 100, Of: func(d *metric.Distribution) int64 { return d.Max }})

// verdict describes what is wrong with a step, and what limited it.
func (s *Step) verdict() string {
	if s.Result == nil {
		return s.Failure
	}
	var parts []string
	if faults := batch.Faults(s.Result); faults != "" {
		parts = append(parts, faults)
	}
	switch v := s.Result.Verdict; {
	case v == nil:
	case v.Limit == verdict.Unclear:
		parts = append(parts, "limit unclear")
	default:
		parts = append(parts, "limited by "+string(v.Limit))
	}
	return strings.Join(parts, ", ")
}

// row is a row of the table for people, and of the CSV file for programs, each with its head.
type row struct{ titles, texts, names, numbers []string }

// add adds a column to the table if it has a title, and to the file if it has a name.
func (r *row) add(title, text, name, number string) {
	if title != "" {
		r.titles, r.texts = append(r.titles, title), append(r.texts, text)
	}
	if name != "" {
		r.names, r.numbers = append(r.names, name), append(r.numbers, number)
	}
}

func (s *Step) row(flag string) *row {
	r, rep, made := &row{}, s.Result, s.Result != nil
	if !made {
		rep = &results.Result{}
	}
	of, limit, kept := metric.FromDue, "", ""
	if made && rep.Plan.Consumers == 0 {
		of = metric.Confirm
	}
	if v := rep.Verdict; v != nil {
		limit = string(v.Limit)
		if rep.Plan.RatePerSec > 0 {
			kept = strconv.FormatBool(v.RateKept)
		}
	}
	r.add("  "+flag, "  "+s.Value, flag, s.Value)
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
			title := d.Name
			if !titled {
				title = ""
			}
			r.add(title, text, d.Name, number)
		}
	}
	metrics(true, metric.SentPerS, metric.ReceivedPerS, metric.Unsent)
	d := rep.Latency[of]
	for _, p := range percentiles {
		text := "-"
		if made {
			text = report.Percentile(&d, p.P, p.Of(&d))
		}
		r.add(p.Name, text, strings.ReplaceAll(p.Name, ".", "_")+"_ns", strconv.FormatInt(p.Of(&d), 10))
	}
	metrics(true, metric.CPUPerMessage)
	metrics(false, metric.Sent, metric.Received, metric.Lost)
	r.add("exit", strconv.Itoa(s.ExitCode), "exit_code", strconv.Itoa(s.ExitCode))
	r.add("", "", "latency", string(of))
	r.add("", "", "limited_by", limit)
	r.add("", "", "rate_kept", kept)
	r.texts = append(r.texts, "  "+s.verdict())
	return r
}

// Table writes the steps, one to a row.
func Table(over Over, steps []Step) string {
	var b strings.Builder
	b.WriteString("  latency from when messages were due to their arrival or, without consumers, sent to their receipts\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i := range steps {
		r := steps[i].row(over.Flag)
		if i == 0 {
			fmt.Fprintln(w, strings.Join(r.titles, "\t")+"\t")
		}
		fmt.Fprintln(w, strings.Join(r.texts, "\t"))
	}
	_ = w.Flush()
	return b.String()
}

// WriteCSV writes the numbers of the steps, for programs.
func WriteCSV(f io.Writer, over Over, steps []Step) error {
	var lines [][]string
	for i := range steps {
		r := steps[i].row(over.Flag)
		if i == 0 {
			lines = append(lines, r.names)
		}
		lines = append(lines, r.numbers)
	}
	return csv.NewWriter(f).WriteAll(report.Cells(lines))
}
