package workload

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

// ParseHeader reads name:value.
func ParseHeader(s string) (frame.Field, error) {
	name, text, ok := strings.Cut(s, ":")
	if !ok || name == "" {
		return frame.Field{}, errors.New("write name:value")
	}
	return frame.Field{Name: name, Value: text}, nil
}

// Template is the value of a header with placeholders: %d is the number of the message, as its
// producer counts, %p the number of the producer, from 1. %% is a percent sign. Other percent signs
// are literal.
type Template []Part

// Part is a piece of a template.
type Part struct {
	Text   string
	Number bool // of the message, instead of Text
}

// NewTemplate reads a template for one producer.
func NewTemplate(s string, producer int) Template {
	var out Template
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) || !strings.ContainsRune("dp%", rune(s[i+1])) {
			text.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'p':
			text.WriteString(strconv.Itoa(producer + 1))
		case '%':
			text.WriteByte('%')
		case 'd':
			out = append(out, Part{Text: text.String()}, Part{Number: true})
			text.Reset()
		}
	}
	return append(out, Part{Text: text.String()})
}

// Constant returns the value of a template without %d.
func (t Template) Constant() (value string, ok bool) {
	if len(t) == 1 {
		return t[0].Text, true
	}
	return "", false
}

// Append appends the value for message n.
func (t Template) Append(dst []byte, n uint64) []byte {
	for _, part := range t {
		if part.Number {
			dst = strconv.AppendUint(dst, n, 10)
		} else {
			dst = append(dst, part.Text...)
		}
	}
	return dst
}

// PriorityClass is a share of the messages with one priority.
type PriorityClass struct {
	Priority int
	Weight   float64
}

// ParsePriorities parses 4, or 9:10,4:90 for ten of a hundred with priority 9.
func ParsePriorities(s string) (out []PriorityClass, err error) {
	err = weighted(s, func(value string, weight float64) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 9 {
			return errors.New("write priorities from 0 to 9, such as 4 or 9:10,4:90")
		}
		out = append(out, PriorityClass{n, weight})
		return nil
	})
	return out, err
}

// FormatPriorities writes priorities as ParsePriorities reads them.
func FormatPriorities(classes []PriorityClass) string {
	parts := make([]string, len(classes))
	for i, c := range classes {
		parts[i] = strconv.Itoa(c.Priority)
		if len(classes) > 1 {
			parts[i] += ":" + strconv.FormatFloat(c.Weight, 'f', -1, 64)
		}
	}
	return strings.Join(parts, ",")
}

// prioritiesInTurn is after how many messages the priorities repeat.
const prioritiesInTurn = 1000

// PriorityLevels returns the priorities of a producer's messages, used in turn; nil if all are the
// same.
func (p *Plan) PriorityLevels(producer int) []uint8 {
	if len(p.Priorities) < 2 {
		return nil
	}
	var out []uint8
	counts := apportion(prioritiesInTurn, len(p.Priorities), func(i int) float64 { return p.Priorities[i].Weight })
	for i, n := range counts {
		for range n {
			out = append(out, uint8(p.Priorities[i].Priority))
		}
	}
	random := rand.New(rand.NewPCG(p.Seed, uint64(producer)))
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
