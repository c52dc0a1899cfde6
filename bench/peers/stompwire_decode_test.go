package peers

import (
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

func stompwireDecoder(tb testing.TB, c cases.DecodeCase) decoder {
	var p parser.Parser
	p.Version = frame.Version12
	var last *frame.Frame
	return decoder{
		decode: func() error {
			frames := 0
			for data := c.Wire; len(data) > 0; {
				f, n, err := p.Parse(data)
				if err != nil && err != parser.ErrIncomplete {
					return err
				}
				if f != nil {
					last = f
					frames++
				}
				data = data[n:]
			}
			if frames != c.Frames {
				return fmt.Errorf("%d frames, want %d", frames, c.Frames)
			}
			return nil
		},
		result: func() plain { return plainOf(last) },
		close:  func() {},
	}
}

func stompwireReader(tb testing.TB, c cases.DecodeCase) decoder {
	r := parser.NewReader(&loop{wire: c.Wire})
	r.Version = frame.Version12
	var last *frame.Frame
	return decoder{
		decode: func() (err error) {
			last, err = r.Next()
			return err
		},
		result: func() plain { return plainOf(last) },
		close:  func() {},
	}
}

func plainOf(f *frame.Frame) plain {
	if f == nil {
		return plain{}
	}
	return plain{f.Command.String(), f.Header.Fields(), f.Body}
}
