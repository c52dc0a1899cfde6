package session

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stompwire/stompwire/frame"
)

// line is one event of a dialogue: words, name:value options and quoted texts.
type line struct {
	words   []string
	options []frame.Field
	texts   []string
}

// parseLine splits at blanks that are not within quotes.
func parseLine(s string) (l line, err error) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, " ") {
		if s[0] == '"' {
			quoted, err := strconv.QuotedPrefix(s)
			if err != nil {
				return l, fmt.Errorf("bad quotes at %s", s)
			}
			text, _ := strconv.Unquote(quoted)
			l.texts = append(l.texts, text)
			s = s[len(quoted):]
			continue
		}
		end := strings.IndexAny(s, " \"")
		if end < 0 {
			end = len(s)
		}
		word := s[:end]
		s = s[end:]
		name, value, found := strings.Cut(word, ":")
		if !found || name == "" {
			l.words = append(l.words, word)
			continue
		}
		if value == "" && strings.HasPrefix(s, `"`) {
			quoted, err := strconv.QuotedPrefix(s)
			if err != nil {
				return l, fmt.Errorf("bad quotes at %s", s)
			}
			value, _ = strconv.Unquote(quoted)
			s = s[len(quoted):]
		}
		l.options = append(l.options, frame.Field{Name: name, Value: value})
	}
	return l, nil
}

// word returns the n-th word, "" if there are fewer.
func (l *line) word(n int) string {
	if n < len(l.words) {
		return l.words[n]
	}
	return ""
}

// has reports whether a word is there.
func (l *line) has(word string) bool {
	for _, w := range l.words {
		if w == word {
			return true
		}
	}
	return false
}

func (l *line) option(name string) (string, bool) { return frame.Fields(l.options).Lookup(name) }

func (l *line) text() string {
	if len(l.texts) > 0 {
		return l.texts[0]
	}
	return ""
}

func (l *line) number(name string, def int) int {
	if s, ok := l.option(name); ok {
		n, err := strconv.Atoi(s)
		if err != nil {
			panic(err)
		}
		return n
	}
	return def
}

func (l *line) duration(name string, def time.Duration) time.Duration {
	if s, ok := l.option(name); ok {
		d, err := time.ParseDuration(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	return def
}

// show writes a frame as in a dialogue.
func show(command string, fields []frame.Field, body string) string {
	var b strings.Builder
	b.WriteString(command)
	for _, f := range fields {
		b.WriteString(" " + f.Name + ":")
		if strings.ContainsAny(f.Value, " \"\n") || f.Value == "" {
			b.WriteString(strconv.Quote(f.Value))
		} else {
			b.WriteString(f.Value)
		}
	}
	if body != "" {
		b.WriteString(" " + strconv.Quote(body))
	}
	return b.String()
}
