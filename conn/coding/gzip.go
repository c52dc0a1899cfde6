package coding

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// unzipper is a pooled decoder with its input.
type unzipper struct {
	src bytes.Reader
	z   gzip.Reader
}

var unzippers = sync.Pool{New: func() any { return new(unzipper) }}

func decodeGzip(out *output, body []byte, max int) error {
	u := unzippers.Get().(*unzipper)
	defer func() {
		u.src.Reset(nil) // do not keep the body
		unzippers.Put(u)
	}()
	u.src.Reset(body)
	if err := u.z.Reset(&u.src); err != nil {
		return err
	}
	return out.inflate(&u.z, max)
}

// zipper is a pooled encoder with its output.
type zipper struct {
	dst bounded
	z   *gzip.Writer
}

func newGzipAppender(level Level) appender {
	n := [...]int{LevelDefault: gzip.DefaultCompression, LevelFastest: gzip.BestSpeed, LevelBetter: 7, LevelBest: gzip.BestCompression}[level]
	pool := &sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(nil, n)
		if err != nil {
			panic(err) // the table above is wrong
		}
		return &zipper{z: z}
	}}
	return appender{
		bound: func(n int) int { return n },
		append: func(dst, body []byte) ([]byte, bool) {
			w := pool.Get().(*zipper)
			defer pool.Put(w)
			w.dst.b, w.dst.max = dst, len(dst)+len(body)
			w.z.Reset(&w.dst)
			_, err := w.z.Write(body)
			if err == nil {
				err = w.z.Close()
			}
			out := w.dst.b
			w.dst.b = nil
			return out, err == nil
		},
	}
}
