package frame

import "fmt"

// Limits bounds one frame. A field that is 0 has its default. No limit can be turned off, because a
// peer must never decide how much memory we reserve. The limits are checked while bytes arrive,
// before memory is reserved for them.
type Limits struct {
	Command     int // bytes of the command line, without its end; default 32
	HeaderLine  int // bytes of one header line, without its end; default 8 KiB
	Headers     int // header lines, repeated ones counted; default 128
	HeaderBlock int // bytes of all header lines with their ends; default 64 KiB
	Body        int // bytes of the body; default 16 MiB
}

const (
	defaultCommand     = 32
	defaultHeaderLine  = 8 << 10
	defaultHeaders     = 128
	defaultHeaderBlock = 64 << 10
	defaultBody        = 16 << 20

	// A Span has 32-bit positions, and a body must fit an int on every platform.
	maxLimit = 1<<31 - 1
)

// WithDefaults returns the limits with each field that is 0 or less replaced by
// its default, and none above 2 GiB.
func (l Limits) WithDefaults() Limits {
	fill(&l.Command, defaultCommand)
	fill(&l.HeaderLine, defaultHeaderLine)
	fill(&l.Headers, defaultHeaders)
	fill(&l.HeaderBlock, defaultHeaderBlock)
	fill(&l.Body, defaultBody)
	return l
}

func fill(n *int, def int) {
	if *n <= 0 {
		*n = def
	}
	*n = min(*n, maxLimit)
}

// Validate returns an error for limits that can hold no frame at all.
func (l Limits) Validate() error {
	if l.Command < 0 || l.HeaderLine < 0 || l.Headers < 0 || l.HeaderBlock < 0 || l.Body < 0 {
		return fmt.Errorf("stomp: limits must not be negative: %+v", l)
	}
	if l.Command > 0 && l.Command < len("CONNECTED") {
		return fmt.Errorf("stomp: command limit of %d bytes cannot hold a CONNECTED frame", l.Command)
	}
	return nil
}
