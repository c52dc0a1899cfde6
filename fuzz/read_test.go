package fuzz

import (
	"io"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/parser"
)

// pieces is an io.Reader that returns data in pieces.
type pieces struct {
	data []byte
	cuts uint64
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.data[:pieceSize(&p.cuts, len(p.data))])
	p.data = p.data[n:]
	return n, nil
}

// read reads data with a Reader.
func read(t *testing.T, data []byte, v frame.Version, l frame.Limits, cuts uint64) (o outcome) {
	t.Helper()
	r := parser.NewReader(&pieces{data, cuts})
	r.Version, r.Limits = v, l
	for {
		f, err := r.Next()
		if err == io.EOF {
			err = nil
		} else if err == nil {
			_ = o.OnFrame(f)
			continue
		}
		o.finish(t, err, r.HeartBeats())
		return o
	}
}
