package parser_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// rule is one rule of the grammar and the bytes that show it. The same rows are
// parsed whole, at every split point and at every truncation, and seed the fuzzer.
type rule struct {
	name     string
	version  frame.Version // 0: none has been agreed on
	tolerate parser.Tolerance
	limits   frame.Limits
	wire     string

	frames []string // as draw writes them
	err    error    // the rule that is broken behind the frames
	at     int64    // and where
}

const (
	none = frame.Version(0)
	v10  = frame.Version10
	v11  = frame.Version11
	v12  = frame.Version12
)

// allRules are the rows of all tables; valid and invalid are the two halves.
var (
	allRules = concat(lineEndRules, commandRules, handshakeRules, headerRules, escapeRules, textRules,
		lengthRules, bodyRules, toleranceRules, limitRules)
	valid   = filter(allRules, func(r rule) bool { return r.err == nil })
	invalid = filter(allRules, func(r rule) bool { return r.err != nil })
)

func concat(tables ...[]rule) (all []rule) {
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}

func filter(rows []rule, keep func(rule) bool) (kept []rule) {
	for _, r := range rows {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// draw writes a frame as MESSAGE name:value name:value |body, quoted where needed.
func draw(f *frame.Frame) string {
	var b strings.Builder
	b.WriteString(f.Command.String())
	for name, value := range f.Header.All() {
		fmt.Fprintf(&b, " %s=%s", plainly(name), plainly(value))
	}
	if f.Body != nil {
		fmt.Fprintf(&b, " |%s", plainly(f.Body))
	}
	return b.String()
}

func plainly(text []byte) string {
	if q := fmt.Sprintf("%q", text); q != `"`+string(text)+`"` || strings.ContainsAny(q, " =|") {
		return q
	}
	return string(text)
}

// drawing is a handler that draws what it is given.
type drawing struct{ frames []string }

func (d *drawing) OnFrame(f *frame.Frame) error {
	d.frames = append(d.frames, draw(f))
	return nil
}

func (r *rule) parser() parser.Parser {
	return parser.Parser{Version: r.version, Tolerate: r.tolerate, Limits: r.limits}
}

// check compares what was found with what the row says.
func (r *rule) check(t *testing.T, how string, frames []string, err error) {
	t.Helper()
	if got, want := strings.Join(frames, "\n"), strings.Join(r.frames, "\n"); got != want {
		t.Fatalf("%s: frames of %q\ngot  %s\nwant %s", how, r.wire, got, want)
	}
	if !errors.Is(err, r.err) || err != nil && offsetOf(err) != r.at {
		t.Fatalf("%s: error of %q\ngot  %v\nwant %v at %d", how, r.wire, err, r.err, r.at)
	}
}

func offsetOf(err error) int64 {
	var syntax *frame.SyntaxError
	var limit *frame.LimitError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &limit):
		return limit.Offset
	}
	return -1
}

// run makes a test of each row.
func run(t *testing.T, rows []rule) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			r.whole(t)
			r.pulled(t)
			r.everySplit(t)
			if r.err == nil {
				r.everyPrefix(t)
			}
		})
	}
}

// whole gives the parser all bytes at once.
func (r *rule) whole(t *testing.T) {
	t.Helper()
	p := r.parser()
	var d drawing
	data := []byte(r.wire)
	for {
		f, n, err := p.Parse(data)
		data = data[n:]
		if err == nil {
			_ = d.OnFrame(f)
			continue
		}
		if err == parser.ErrIncomplete {
			if len(data) > 0 {
				t.Fatalf("%q is left over", data)
			}
			err = nil
		}
		r.check(t, "whole", d.frames, err)
		return
	}
}

// pulled reads the bytes with a Reader.
func (r *rule) pulled(t *testing.T) {
	t.Helper()
	reader := parser.NewReader(strings.NewReader(r.wire))
	reader.Version, reader.Tolerate, reader.Limits = r.version, r.tolerate, r.limits
	var d drawing
	frames, err := reader.Next()
	for ; err == nil; frames, err = reader.Next() {
		_ = d.OnFrame(frames)
	}
	if r.err == nil {
		err = nil
	}
	r.check(t, "pulled", d.frames, err)
}

// everySplit feeds the bytes in two pieces, cut at each place, and one by one.
func (r *rule) everySplit(t *testing.T) {
	t.Helper()
	for cut := range len(r.wire) + 1 {
		if len(r.wire) > 2000 && cut > 40 && cut < len(r.wire)-40 && cut%97 != 0 {
			continue
		}
		r.fed(t, fmt.Sprint("cut at ", cut), r.wire[:cut], r.wire[cut:])
	}
	if len(r.wire) < 20000 {
		r.fed(t, "octet by octet", strings.Split(r.wire, "")...)
	}
}

// fed feeds pieces. Each is overwritten as soon as Feed has returned.
func (r *rule) fed(t *testing.T, how string, pieces ...string) {
	t.Helper()
	s := parser.Stream{Parser: r.parser()}
	var d drawing
	for _, piece := range pieces {
		chunk := []byte(piece)
		n, err := s.Feed(chunk, &d)
		if err == nil && n != len(chunk) {
			t.Fatalf("%s: Feed used %d of %d bytes", how, n, len(chunk))
		}
		if err != nil {
			r.check(t, how, d.frames, err)
			return
		}
		clear(chunk)
	}
	r.check(t, how, d.frames, s.End())
}

// everyPrefix truncates the last frame at each place: nothing may come of it.
func (r *rule) everyPrefix(t *testing.T) {
	t.Helper()
	for cut := range len(r.wire) {
		if len(r.wire) > 2000 && cut > 40 && cut < len(r.wire)-40 && cut%97 != 0 {
			continue
		}
		p := r.parser()
		data := []byte(r.wire[:cut])
		for frames := 0; ; frames++ {
			_, n, err := p.Parse(data)
			if data = data[n:]; err == nil {
				continue
			}
			if err != parser.ErrIncomplete || frames > len(r.frames) {
				t.Fatalf("truncated at %d: %d frames, %v", cut, frames, err)
			}
			if whole := strings.Count(r.wire[:cut], "\x00"); len(data) == 0 && frames < whole && len(r.frames) == strings.Count(r.wire, "\x00") {
				t.Fatalf("truncated at %d: %d frames of %d", cut, frames, whole)
			}
			break
		}
	}
}
