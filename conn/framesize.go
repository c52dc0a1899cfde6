package conn

import (
	"fmt"
	"math"

	"github.com/stompwire/stompwire/writer"
)

// FrameTooLargeError says that the broker would not take a frame as large as this
// one: see Config.MaxFrameSize. Nothing was sent, and the connection is as good as
// before. It Is writer.ErrRefused.
type FrameTooLargeError struct {
	Size int // of the frame in bytes, or what is sure of it
	Max  int
}

func (e *FrameTooLargeError) Error() string {
	return fmt.Sprintf("stomp: frame of %d bytes is larger than the %d that the broker takes", e.Size, e.Max)
}

// Is matches writer.ErrRefused.
func (e *FrameTooLargeError) Is(target error) bool { return target == writer.ErrRefused }

// checkSize refuses a frame of size bytes.
func (c *Conn) checkSize(size int) error { return c.checkLength(int64(size)) }

// checkLength is checkSize for what need not fit into memory.
func (c *Conn) checkLength(size int64) error {
	if size > int64(c.maxFrame) && c.maxFrame > 0 {
		return &FrameTooLargeError{Size: int(min(size, math.MaxInt)), Max: c.maxFrame}
	}
	return nil
}

// checkAsking is checkSize of a frame that may get a receipt line later, at this
// place.
func (c *Conn) checkAsking(size, at int, a *asker) error {
	if at > 0 {
		size += a.size()
	}
	return c.checkSize(size)
}

// commit puts the frames in flight that were appended to buf, which gave out. If
// they are too large, or err says that there are none, it takes them back.
func (c *Conn) commit(buf, out []byte, err error) error {
	if err == nil {
		err = c.checkSize(len(out) - len(buf))
	}
	if err != nil {
		c.l.Commit(buf)
		return err
	}
	c.l.Commit(out)
	return nil
}

// maxFrameFor returns the bound for frames to a broker of dialect d; 0 for none.
func (cfg *Config) maxFrameFor(d *Dialect) int {
	if cfg.MaxFrameSize == 0 {
		return d.MaxFrame
	}
	return max(cfg.MaxFrameSize, 0)
}
