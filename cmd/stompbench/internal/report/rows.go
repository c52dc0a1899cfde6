package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Style is the style of text.
type Style struct{ Color bool }

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold writes a heading.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Good writes what is as it should be.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Bad writes what is wrong.
func (s Style) Bad(text string) string { return s.paint("1;31", text) }

// Rows is lines of label and text.
type Rows struct{ strings.Builder }

// Add adds a line.
func (r *Rows) Add(label, format string, args ...any) {
	fmt.Fprintf(r, "  %-10s  %s\n", label, fmt.Sprintf(format, args...))
}

// Some adds a line without a label if n is above 0.
func (r *Rows) Some(n uint64, what string) {
	if n > 0 {
		r.Add("", "%s %s", Count(n), what)
	}
}

// Sentence adds a text in lines of at most [Width] characters.
func (r *Rows) Sentence(label, format string, args ...any) {
	const column = 14
	r.Add(label, "%s", strings.TrimSpace(Wrap(fmt.Sprintf(format, args...), column, Width)))
}

// Width is the width of lines of text.
const Width = 90

// painting are the sequences that color a text.
var painting = regexp.MustCompile("\x1b\\[[0-9;]*m")

// control are the colors of a text, and the control characters that are not of its lines.
var control = regexp.MustCompile("\x1b\\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f]")

// Printable returns a text without the control characters that a broker or a file may have put into it:
// they could steer the terminal. Colors stay.
func Printable(text string) string {
	return control.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "\x1b[") {
			return found
		}
		return " "
	})
}

// Wrap breaks a text into lines of at most width characters, indented. Colors take no room.
func Wrap(text string, indent, width int) string {
	var b strings.Builder
	column, margin := width, ""
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(painting.ReplaceAllString(word, ""))
		if column+1+length > width {
			b.WriteString(margin + strings.Repeat(" ", indent))
			column, margin = indent, "\n"
		} else {
			column++
			b.WriteByte(' ')
		}
		b.WriteString(word)
		column += length
	}
	b.WriteByte('\n')
	return b.String()
}
