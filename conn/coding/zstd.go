package coding

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the largest window that a frame may ask for, and the least that a
// decoder should support (RFC 8878, section 3.1.1.1.2). It bounds the memory of a
// decoder beside its output.
const zstdWindow = 8 << 20

// zstdReader is a pooled decoder with its input.
type zstdReader struct {
	src bytes.Reader
	d   *zstd.Decoder
}

// A decoder of concurrency 1 has no goroutines, so it need not be closed.
//
// Decoder.DecodeAll would save a copy. But it reserves memory for the size that a frame claims, and
// its error for a full output cannot be told from its errors for corrupt input.
var zstdReaders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		panic(err) // the options above are wrong
	}
	return &zstdReader{d: d}
}}

func decodeZstd(out *output, body []byte, max int) error {
	u := zstdReaders.Get().(*zstdReader)
	defer func() {
		u.src.Reset(nil) // do not keep the body
		_ = u.d.Reset(nil)
		zstdReaders.Put(u)
	}()
	u.src.Reset(body)
	if err := u.d.Reset(&u.src); err != nil {
		return err
	}
	return out.inflate(u.d, max)
}

func newZstdAppender(level Level) appender {
	l := [...]zstd.EncoderLevel{
		LevelDefault: zstd.SpeedDefault, LevelFastest: zstd.SpeedFastest,
		LevelBetter: zstd.SpeedBetterCompression, LevelBest: zstd.SpeedBestCompression,
	}[level]
	// Used for whole bodies only, it has no goroutines and is safe for concurrent use.
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(l), zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the table above is wrong
	}
	return appender{
		bound: e.MaxEncodedSize,
		append: func(dst, body []byte) ([]byte, bool) {
			out := e.EncodeAll(body, dst)
			return out, len(out)-len(dst) < len(body)
		},
	}
}
