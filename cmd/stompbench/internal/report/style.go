package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Mood says whether a statement is good, bad or neither.
type Mood int

// The moods.
const (
	Neutral Mood = iota
	Good
	Bad
)

// Style is the style of text.
type Style struct{ Color bool }

func (s Style) paint(code, text string) string {
	if !s.Color || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold writes a heading.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Bad writes what is wrong.
func (s Style) Bad(text string) string { return s.Mood(Bad, text) }

// Mood writes a statement.
func (s Style) Mood(mood Mood, text string) string {
	return s.paint([...]string{Neutral: "", Good: "32", Bad: "1;31"}[mood], text)
}

// Width is the width of lines of text.
const Width = 90

// Labelled writes a text in lines of at most [Width] characters; the first line has a label.
func Labelled(label, text string) string {
	const column = 14
	return fmt.Sprintf("  %-*s%s", column-2, label, strings.TrimLeft(Wrap(text, column, Width), " "))
}

// painting are the sequences that color a text.
var painting = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Wrap breaks a text into lines of at most width characters, indented. Colors take no room.
func Wrap(text string, indent, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(painting.ReplaceAllString(word, ""))
		switch {
		case column == 0:
			column = indent
			b.WriteString(strings.Repeat(" ", indent))
		case column+1+length > width:
			column = indent
			b.WriteString("\n" + strings.Repeat(" ", indent))
		default:
			column++
			b.WriteByte(' ')
		}
		b.WriteString(word)
		column += length
	}
	b.WriteByte('\n')
	return b.String()
}
