package compare

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/report"
)

// difference returns how much B is above A, in percent if that is meaningful.
func (r *Row) difference() string {
	switch d := r.Difference; {
	case r.A != 0 && !r.counted() || d == 0:
		return change(r.Share)
	case d < 0:
		return "−" + r.write(-d)
	default:
		return "+" + r.write(d)
	}
}

// change writes a share with its sign: as a multiple from a factor of three on, and as a question mark
// if it is the unknown end of an interval.
func change(share Number) string {
	x, digits := float64(share), 1
	switch {
	case math.IsNaN(x):
		return "–"
	case x == 0:
		return "0"
	case x == -1 || math.IsInf(x, 1):
		return "?"
	case x >= 2:
		return "× " + report.PerSecond(math.Round((x+1)*10)/10)
	case math.Abs(x) < 0.01:
		digits = 2
	}
	return strings.Replace(fmt.Sprintf("%+.*f %%", digits, 100*x), "-", "−", 1)
}

// WriteMarkdown writes a Markdown table whose columns are also aligned as plain text.
func (c *Comparison) WriteMarkdown(w io.Writer) error {
	for _, warning := range c.Warnings {
		fmt.Fprintf(w, "**Warning**: %s.\n", warning)
	}
	fmt.Fprintf(w, "**%s**\n\n", c.Conclusion) // writeTable returns the error
	table := [][]string{{"", "A", "B", "difference", "95 % interval", ""}}
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.counted() && r.A == 0 && r.B == 0 {
			continue
		}
		interval := "–"
		if r.Low.known() {
			interval = change(r.Low) + " … " + change(r.High)
		}
		table = append(table, []string{r.Name, report.AtLeast(r.AtLeastA, r.write(r.A)), report.AtLeast(r.AtLeastB, r.write(r.B)), r.difference(), interval, string(r.Verdict)})
	}
	return writeTable(w, table, c.Notes)
}

// writeTable writes a table and notes under it. The outer columns are text, the others numbers.
func writeTable(w io.Writer, table [][]string, notes []string) error {
	width, rule := make([]int, len(table[0])), make([]string, len(table[0]))
	for i := range width {
		for _, line := range table {
			width[i] = max(width[i], utf8.RuneCountInString(line[i]), 3)
		}
		if rule[i] = strings.Repeat("-", width[i]-1) + ":"; i == 0 || i == len(width)-1 {
			rule[i] = strings.Repeat("-", width[i])
			width[i] *= -1 // to the left
		}
	}
	var b strings.Builder
	for _, line := range slices.Insert(table, 1, rule) {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
	if len(notes) > 0 {
		b.WriteString("\n- " + strings.Join(notes, "\n- ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
