package writer

import (
	"slices"

	"github.com/stompwire/stompwire/frame"
)

// Block is the beginning of a frame that is sent often: a command and headers, checked and escaped
// once. It is immutable and safe for concurrent use.
type Block struct {
	version frame.Version
	command frame.Command
	body    bool   // a body is allowed
	counted []byte // command, header lines and lengthPrefix
}

// Compile makes a Block. h must not have content-length, since the body is not known yet; apart
// from that Compile refuses what [AppendFrame] refuses. It allocates, and keeps no reference to h.
func Compile(v frame.Version, cmd frame.Command, h []frame.Field) (*Block, error) {
	if err := checkCommand(v, cmd, false); err != nil {
		return nil, err
	}
	head, _, err := appendFields(AppendCommand(nil, cmd), v, cmd, h, noLength)
	if err != nil {
		return nil, err
	}
	return &Block{
		version: v,
		command: cmd,
		body:    cmd.AllowsBody(v),
		counted: append(head, lengthPrefix...),
	}, nil
}

// AppendHead appends the command and the header lines, without the blank line
// that ends the headers.
func (b *Block) AppendHead(dst []byte) []byte { return append(dst, b.head()...) }

func (b *Block) head() []byte { return b.counted[:len(b.counted)-len(lengthPrefix)] }

// Append appends a whole frame, the same bytes that [AppendFrame] appends for the headers of the
// block followed by extra. extra and body are borrowed for the call. An error is a [*HeaderError]
// or [*FrameError], and dst is returned with its old length.
func (b *Block) Append(dst []byte, extra []frame.Field, body []byte) ([]byte, error) {
	if len(body) > 0 && !b.body {
		return dst, checkCommand(b.version, b.command, true)
	}
	if len(extra) > 0 || len(body) == 0 {
		return appendRest(dst, b.AppendHead(dst), b.version, b.command, extra, body)
	}
	dst = slices.Grow(dst, len(b.counted)+maxUint+len("\n\n")+len(body)+len("\x00"))
	p := dst[len(dst):cap(dst)]
	size := copy(p, b.counted)
	size += putCountedBody(p[size:], body)
	return dst[:len(dst)+size], nil
}

// AppendNoLength is [Block.Append] without content-length; see
// [AppendFrameNoLength].
func (b *Block) AppendNoLength(dst []byte, extra []frame.Field, body []byte) ([]byte, error) {
	if len(body) > 0 && !b.body {
		return dst, checkCommand(b.version, b.command, true)
	}
	return appendRestNoLength(dst, b.AppendHead(dst), b.version, b.command, extra, body)
}
