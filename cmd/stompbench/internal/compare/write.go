package compare

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// difference returns how much B is above A, in percent if that is meaningful.
func (r *Row) difference() string {
	d := r.B - r.A
	switch {
	case math.IsNaN(d):
		return "–"
	case d == 0:
		return "0"
	case r.A == 0 || r.counted:
		return sign(d) + r.write(math.Abs(d))
	}
	return percent(d / r.A)
}

// interval returns the confidence interval in the same form.
func (r *Row) interval() string {
	if math.IsNaN(r.Low) {
		return "–"
	}
	low, high := percent(r.Low), percent(r.High)
	if r.Low == -1 {
		low = "?"
	}
	if math.IsInf(r.High, 1) {
		high = "?"
	}
	return low + " … " + high
}

// side writes the value of a side.
func (r *Row) side(x float64, atLeast bool) string {
	if atLeast {
		return "≥ " + r.write(x)
	}
	return r.write(x)
}

func sign(x float64) string {
	if x < 0 {
		return "−"
	}
	return "+"
}

// percent writes a share with its sign: with one decimal, two below one percent, and as a multiple
// from a factor of three on.
func percent(x float64) string {
	digits := 1
	switch {
	case x >= 2:
		return "× " + report.PerSecond(math.Round((x+1)*10)/10)
	case math.Abs(x) < 0.01:
		digits = 2
	}
	return fmt.Sprintf("%s%.*f %%", sign(x), digits, 100*math.Abs(x))
}

// WriteMarkdown writes a Markdown table whose columns are also aligned as plain text.
func (c *Comparison) WriteMarkdown(w io.Writer) error {
	for _, warning := range c.Warnings {
		fmt.Fprintf(w, "**Warning**: %s.\n", warning)
	}
	if _, err := fmt.Fprintf(w, "**%s**\n\n", c.Conclusion); err != nil {
		return err
	}
	table := [][]string{{"", "A", "B", "difference", "95 % interval", ""}}
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.counted && r.A == 0 && r.B == 0 {
			continue
		}
		table = append(table, []string{r.Name, r.side(r.A, r.AtLeastA), r.side(r.B, r.AtLeastB), r.difference(), r.interval(), string(r.Verdict())})
	}
	return writeTable(w, table, c.Notes)
}

// writeTable writes a table, whose first line is its head, and notes under it. The outer columns
// are text, the others numbers.
func writeTable(w io.Writer, table [][]string, notes []string) error {
	width := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, line := range table {
		rule := "|"
		for i, cell := range line {
			pad, dashes := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)), strings.Repeat("-", width[i]+1)
			if i == 0 || i == len(line)-1 {
				b.WriteString("| " + cell + pad + " ")
				rule += dashes + "-|"
			} else {
				b.WriteString("| " + pad + cell + " ")
				rule += dashes + ":|"
			}
		}
		b.WriteString("|\n")
		if n == 0 {
			b.WriteString(rule + "\n")
		}
	}
	if len(notes) > 0 {
		b.WriteString("\n- " + strings.Join(notes, "\n- ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
