package fuzz

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/fuzz/internal/reference"
	"github.com/stompwire/stompwire/parser"
)

// outcome is what a stream means, in a form that can be compared.
type outcome struct {
	frames  []string
	beats   uint64
	rule    error
	offset  int64
	partial bool

	streamed *frame.Frame // of which the body is arriving in parts
}

func (o outcome) String() string {
	return fmt.Sprintf("beats=%d partial=%t rule=%v offset=%d frames:\n%s",
		o.beats, o.partial, o.rule, o.offset, strings.Join(o.frames, "\n"))
}

// OnFrame makes an outcome a handler.
func (o *outcome) OnFrame(f *frame.Frame) error {
	var headers []reference.Header
	for name, value := range f.Header.All() {
		headers = append(headers, reference.Header{Name: string(name), Value: string(value)})
	}
	o.frames = append(o.frames, line(f.Command.String(), headers, string(f.Body)))
	return nil
}

// OnBodyStart and its like put a streamed body together again: what is delivered in
// parts must be what would have been gathered.
func (o *outcome) OnBodyStart(f *frame.Frame, _ int64) error {
	o.streamed = f.Clone()
	return nil
}

func (o *outcome) OnBodyChunk(b []byte) error {
	o.streamed.Body = append(o.streamed.Body, b...)
	return nil
}

func (o *outcome) OnBodyEnd() error { return o.OnFrame(o.streamed) }

func line(command string, headers []reference.Header, body string) string {
	return fmt.Sprintf("%s %q %q", command, headers, body)
}

// finish takes the error of a parser that has seen the whole stream.
func (o *outcome) finish(t *testing.T, err error, beats uint64) {
	t.Helper()
	o.beats = beats
	var syntax *frame.SyntaxError
	var limit *frame.LimitError
	var end *parser.EndError
	switch {
	case err == nil:
	case errors.As(err, &syntax):
		o.rule, o.offset = syntax.Rule, syntax.Offset
	case errors.As(err, &limit):
		o.rule, o.offset = limit.What, limit.Offset
	case errors.As(err, &end):
		o.partial = true
	default:
		t.Fatalf("error of an unexpected type %T: %v", err, err)
	}
}

// expect is the outcome that the reference decoder finds.
func expect(data []byte, v frame.Version, l frame.Limits) (o outcome) {
	return expected(reference.Decode(data, v, l))
}

func expected(r reference.Result) (o outcome) {
	for _, f := range r.Frames {
		text := line(f.Command, f.Headers, f.Body)
		if f.Limit != nil {
			text = skippedLine(text, f.Limit.Rule, int64(f.Limit.Offset))
		}
		o.frames = append(o.frames, text)
	}
	o.beats, o.partial = uint64(r.Beats), r.Partial
	if r.Err != nil {
		o.rule, o.offset = r.Err.Rule, int64(r.Err.Offset)
	}
	return o
}

func compare(t *testing.T, got, want outcome) {
	t.Helper()
	if got.String() != want.String() {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}
