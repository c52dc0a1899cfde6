package peers

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/gmallard/stompngo"
	stompframe "github.com/go-stomp/stomp/v3/frame"

	"github.com/stompwire/stompwire/bench/cases"
	"github.com/stompwire/stompwire/frame"
)

func goStompDecoder(tb testing.TB, c cases.DecodeCase) decoder {
	r := stompframe.NewReader(&loop{wire: c.Wire})
	var last *stompframe.Frame
	return decoder{
		decode: func() error {
			// Each EOL between frames is a call of its own, which returns nil.
			for range c.EOLs + c.Frames {
				f, err := r.Read()
				if err != nil {
					return err
				}
				if f != nil {
					last = f
					return nil
				}
			}
			if c.Frames > 0 {
				return errors.New("no frame")
			}
			return nil
		},
		result: func() plain {
			if last == nil {
				return plain{}
			}
			p := plain{command: last.Command, body: last.Body}
			for i := range last.Header.Len() {
				name, value := last.Header.GetAt(i)
				p.fields = append(p.fields, frame.Field{Name: name, Value: value})
			}
			return p
		},
		close: func() {},
	}
}

// stompngoDecoder connects over memory and subscribes with the id that the case
// has. Reading starts after that, for messages of no subscription are dropped.
func stompngoDecoder(tb testing.TB, c cases.DecodeCase) decoder {
	m := newMemory(&loop{wire: c.Wire})
	conn, err := stompngo.Connect(m, stompngo.Headers{"accept-version", "1.2", "host", "/"})
	must(tb, err)
	id := c.Wire[bytes.Index(c.Wire, []byte("\nsubscription:"))+len("\nsubscription:"):]
	id = id[:bytes.IndexByte(id, '\n')]
	messages, err := conn.Subscribe(stompngo.Headers{"destination", "/queue/any", "id", string(id)})
	must(tb, err)
	m.start()
	var last stompngo.Message
	return decoder{
		decode: func() error {
			md, ok := <-messages
			if !ok || md.Error != nil {
				return errors.Join(errors.New("connection lost"), md.Error)
			}
			last = md.Message
			return nil
		},
		result: func() plain {
			p := plain{command: last.Command, body: last.Body}
			for i := 0; i < len(last.Headers); i += 2 {
				p.fields = append(p.fields, frame.Field{Name: last.Headers[i], Value: last.Headers[i+1]})
			}
			return p
		},
		close: func() {
			// The reader is blocked on its channel. At the end of the source it
			// says so there, and it and the writer end.
			m.Close()
			for deadline := time.After(time.Minute); ; {
				select {
				case md := <-messages:
					if md.Error != nil {
						return
					}
				case <-deadline:
					tb.Error("stompngo has not noticed that its connection is closed")
					return
				}
			}
		},
	}
}

func naiveDecoder(tb testing.TB, c cases.DecodeCase) decoder {
	var f naiveFrame
	return decoder{
		decode: func() error {
			if n := f.read(c.Wire); n != len(c.Wire)-c.EOLs {
				return errors.New("the frame does not end where it ends")
			}
			return nil
		},
		result: func() plain {
			p := plain{command: string(f.command), body: f.body}
			for _, h := range f.headers {
				p.fields = append(p.fields, frame.Field{Name: string(h.name), Value: string(h.value)})
			}
			return p
		},
		close: func() {},
	}
}

// naiveFrame is the result of a simple parser that does not check its input.
type naiveFrame struct {
	command []byte
	headers []naiveHeader
	body    []byte
}

type naiveHeader struct{ name, value []byte }

// read returns the length of the frame at the start of data, its NUL included.
func (f *naiveFrame) read(data []byte) int {
	eol := bytes.IndexByte(data, '\n')
	f.command, f.headers = data[:eol], f.headers[:0]
	length := -1
	pos := eol + 1
	for {
		eol = bytes.IndexByte(data[pos:], '\n')
		if eol == 0 {
			pos++
			break
		}
		line := data[pos : pos+eol]
		colon := bytes.IndexByte(line, ':')
		h := naiveHeader{line[:colon], line[colon+1:]}
		if string(h.name) == "content-length" {
			length = 0
			for _, d := range h.value {
				length = 10*length + int(d-'0')
			}
		}
		f.headers = append(f.headers, h)
		pos += eol + 1
	}
	if length < 0 {
		length = bytes.IndexByte(data[pos:], 0)
	}
	f.body = data[pos : pos+length]
	return pos + length + 1
}
