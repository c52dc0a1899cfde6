package broker

import (
	"bytes"

	"github.com/stompwire/stompwire/frame"
)

// appendFor appends the text of m as version to writes it. Only a message with escapes in its
// header is encoded again; the others are copied.
func (m *message) appendFor(dst []byte, to frame.Version) (out []byte, omitted uint64) {
	if m.plain {
		return append(dst, m.text.B...), 0
	}
	return appendTranscoded(dst, m.text.B, to)
}

// appendTranscoded encodes header lines that are escaped as in 1.2 again for version to, and copies
// what follows them. Lines that to cannot represent are left out and counted.
func appendTranscoded(dst, text []byte, to frame.Version) (out []byte, omitted uint64) {
	var name, value []byte
	var ok bool
	for {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if len(line) == 0 {
			return append(dst, text...), omitted
		}
		n, v, _ := bytes.Cut(line, []byte(":"))
		name, _ = frame.AppendUnescaped(name[:0], n, frame.Version12)
		value, _ = frame.AppendUnescaped(value[:0], v, frame.Version12)
		if dst, ok = appendHeader(dst, to, name, value); !ok {
			omitted++
		}
		text = rest
	}
}
