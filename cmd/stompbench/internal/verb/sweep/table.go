package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
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
	text := batch.Faults(s.Result)
	switch v := s.Result.Verdict; {
	case v == nil:
	case v.Limit == verdict.Unclear:
		text += ", limit unclear"
	default:
		text += ", limited by " + string(v.Limit)
	}
	return strings.TrimPrefix(text, ", ")
}

var percentiles = metric.Statistics("p50", "p90", "p99", "p99.9", "max")

// column is one of the table for people, if it has a title, and of the CSV file.
type column struct{ title, text, name, number string }

func (s *Step) columns(flag string) []column {
	r, made := s.Result, s.Result != nil
	if !made {
		r = &results.Result{}
	}
	all := []column{{"  " + flag, "  " + s.Value, flag, s.Value}}
	metrics := func(titled bool, ids ...metric.ID) {
		for _, id := range ids {
			d := metric.Of(id)
			c := column{text: "-", name: d.Name}
			x, known := r.Get(id)
			if known && (x > 0 || id != metric.CPUPerMessage) {
				c.text = strings.TrimSuffix(report.Value(d, x), "/s")
			}
			if made {
				c.number = strconv.FormatFloat(x, 'f', -1, 64)
			}
			if titled {
				c.title = d.Name
			}
			all = append(all, c)
		}
	}
	metrics(true, metric.SentPerS, metric.ReceivedPerS, metric.Unsent)
	of := metric.FromDue
	if made && r.Plan.Consumers == 0 {
		of = metric.Confirm
	}
	d := r.Latency[of]
	for _, p := range percentiles {
		text := "-"
		if made {
			text = report.Percentile(&d, p.P, p.Of(&d))
		}
		all = append(all, column{p.Name, text, strings.ReplaceAll(p.Name, ".", "_") + "_ns", strconv.FormatInt(p.Of(&d), 10)})
	}
	metrics(true, metric.CPUPerMessage)
	metrics(false, metric.Sent, metric.Received, metric.Lost)
	limit, kept, code := "", "", strconv.Itoa(s.ExitCode)
	if v := r.Verdict; v != nil {
		limit = string(v.Limit)
		if r.Plan.RatePerSec > 0 {
			kept = strconv.FormatBool(v.RateKept)
		}
	}
	return append(all, column{"exit", code, "exit_code", code}, column{name: "latency", number: string(of)},
		column{name: "limited_by", number: limit}, column{name: "rate_kept", number: kept})
}

// lines returns the rows of the table for people, and those of the CSV file, each after its head.
func (rep *sweepReport) lines() (table, file [][]string) {
	for i := range rep.Steps {
		var titles, texts, names, numbers []string
		for _, c := range rep.Steps[i].columns(rep.flag) {
			names, numbers = append(names, c.name), append(numbers, c.number)
			if c.title != "" {
				titles, texts = append(titles, c.title), append(texts, c.text)
			}
		}
		if i == 0 {
			table, file = append(table, append(titles, "")), append(file, names)
		}
		table, file = append(table, append(texts, "  "+rep.Steps[i].verdict())), append(file, numbers)
	}
	return table, file
}

// Table writes the steps, one to a row.
func (rep *sweepReport) Table() string {
	var b strings.Builder
	if rep.Partial {
		fmt.Fprintf(&b, "PARTIAL RESULT: interrupted after %d of %d steps\n\n", len(rep.Steps), rep.planned)
	}
	b.WriteString("  latency from when messages were due to their arrival or, without consumers, sent to their receipts\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	table, _ := rep.lines()
	for _, line := range table {
		fmt.Fprintln(w, strings.Join(line, "\t"))
	}
	_ = w.Flush()
	return b.String()
}

// WriteCSV writes the numbers of the steps, for programs.
func (rep *sweepReport) WriteCSV(f io.Writer) error {
	_, file := rep.lines()
	return csv.NewWriter(f).WriteAll(report.Cells(file))
}
