package live

import (
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Options describe the output.
type Options struct {
	Terminal bool // lines can be overwritten
	Color    bool
	Width    func() int // of the terminal; nil, or a result of 0, for unknown
}

// width returns the longest line that does not wrap.
func (o *Options) width() int {
	const unlimited = 1 << 30
	if !o.Terminal || o.Width == nil {
		return unlimited
	}
	if width := o.Width(); width > 0 {
		return width - 1
	}
	return unlimited
}

// Column is a column of a table whose rows are made from values of type T.
type Column[T any] struct {
	Group string // stands above the heads of adjacent columns of the same group
	Head  string
	Width int
	Rank  int // from 0; if not all columns fit, those with the highest rank are dropped first
	Cell  func(T) string
}

// Table writes rows of columns. It is for one goroutine.
type Table[T any] struct {
	w       io.Writer
	opts    Options
	columns []Column[T]
	shown   []Column[T] // the columns of the last head
	rows    int
	status  int // width of the status line, 0 if there is none
}

// NewTable returns an empty table.
func NewTable[T any](w io.Writer, opts Options, columns []Column[T]) *Table[T] {
	return &Table[T]{w: w, opts: opts, columns: columns}
}

// headEvery is after how many rows the head is repeated.
const headEvery = 20

// Row writes a row, and the head if it is time for it or the columns have changed.
func (t *Table[T]) Row(x T) {
	columns := t.fitting()
	if len(columns) == 0 {
		return
	}
	if t.rows%headEvery == 0 || len(columns) != len(t.shown) {
		t.shown = columns
		t.head()
	}
	t.rows++
	t.line(func(c *Column[T]) string { return c.Cell(x) })
}

// fitting returns the columns that fit, by their ranks, which are below the number of columns.
func (t *Table[T]) fitting() []Column[T] {
	for most := len(t.columns); most >= 0; most-- {
		columns := slices.DeleteFunc(slices.Clone(t.columns), func(c Column[T]) bool { return c.Rank > most })
		total := -1
		for i := range columns {
			total += 1 + columns[i].Width
		}
		if total <= t.opts.width() {
			return columns
		}
	}
	return nil
}

func (t *Table[T]) head() {
	for i := range t.shown[1:] { // a group stands above its last column
		if t.shown[i].Group == t.shown[i+1].Group {
			t.shown[i].Group = ""
		}
	}
	if slices.ContainsFunc(t.shown, func(c Column[T]) bool { return c.Group != "" }) {
		t.line(func(c *Column[T]) string { return c.Group })
	}
	t.line(func(c *Column[T]) string { return c.Head })
}

// line writes one cell of each column, aligned to the right. A text that is too wide takes space from
// empty cells before it.
func (t *Table[T]) line(cell func(*Column[T]) string) {
	line, end := "", 0
	for i := range t.shown {
		c := &t.shown[i]
		end += c.Width
		if text := cell(c); text != "" {
			line += fmt.Sprintf("%*s", end-utf8.RuneCountInString(line), text)
		}
		end++
	}
	t.write(line + "\n")
}

// Status shows a line of the given width under the table until something else is written.
func (t *Table[T]) Status(text string, width int) {
	t.write(text)
	t.status = width
}

// Close removes the status line. The table can be used on.
func (t *Table[T]) Close() { t.write("") }

// write writes text in place of the status line. An error of the display is not reported.
func (t *Table[T]) write(text string) {
	if t.status > 0 {
		erase := "\r\x1b[K"
		if above := (t.status - 1) / (t.opts.width() + 1); above > 0 { // the terminal has become narrower
			erase = fmt.Sprintf("\r\x1b[%dA\x1b[J", above)
		}
		text = erase + text
		t.status = 0
	}
	_, _ = io.WriteString(t.w, text)
}
