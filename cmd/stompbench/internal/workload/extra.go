package workload

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

// Extra are headers that messages have only for their number and size.
type Extra struct {
	Count   Mix     // how many a message has; nil: none
	Size    Mix     // of a value in bytes, before it is escaped; nil is defaultHeaderSize
	Fixed   bool    // the same values in every message
	Escapes float64 // share of the values with characters that STOMP escapes
}

// The bounds of extra headers.
const (
	MaxHeaders     = 1000
	MaxHeaderSize  = 64 << 10
	MaxHeaderBlock = 1 << 20 // all values of a message together

	defaultHeaderSize = 16
	// escapeEach is the distance in a value between the octets that STOMP escapes.
	escapeEach = 8
)

// ExtraName returns the name of extra header i, from 0. It is also valid for brokers that turn
// headers into message properties.
func ExtraName(i int) string { return fmt.Sprintf("hdr%03d", i+1) }

// isExtraName reports whether an extra header may have this name.
func isExtraName(name string) bool {
	var n int
	_, err := fmt.Sscanf(name, "hdr%d", &n)
	return err == nil && n > 0 && ExtraName(n-1) == name
}

// Any reports whether any message has extra headers.
func (e *Extra) Any() bool { return e.Count.Max() > 0 }

// Bytes returns how many bytes the values take in a message, on average.
func (e *Extra) Bytes() int { return int(e.Count.Mean()*e.Size.Mean() + 0.5) }

// memory is about how many bytes a list takes, on average.
func (e *Extra) memory() float64 { return e.Count.Mean() * (e.Size.Mean() + headerField) }

// Kind returns the kind of the values, as flags spell it.
func (e *Extra) Kind() string {
	if e.Fixed {
		return "fixed"
	}
	return "random"
}

// String describes the extra headers.
func (e *Extra) String() string {
	text := fmt.Sprintf("%v %s headers of %v B", e.Count, e.Kind(), e.Size)
	if e.Escapes > 0 {
		text += fmt.Sprintf(", %.3g%% of them with escapes", 100*e.Escapes)
	}
	return text
}

// complete checks the extra headers and fills in what was left open.
func (e *Extra) complete(versions frame.Versions) error {
	if e.Count == nil {
		const idle = "--header-%s is for the headers of --header-count, and there are none: set it, or leave this out"
		return cmp.Or(refuse(e.Size != nil, idle, "size"), refuse(e.Fixed, idle, "values fixed"), refuse(e.Escapes != 0, idle, "escape"))
	}
	if e.Size == nil {
		e.Size = Fixed(16)
	}
	return cmp.Or(
		refuse(e.Count.Max()*e.Size.Max() > MaxHeaderBlock, "--header-count %v of --header-size %v B are more than %d MiB in a message: lower one of them", e.Count, e.Size, MaxHeaderBlock>>20),
		refuse(e.Escapes > 0 && e.Size.Min() == 0, "--header-escape needs something to escape, and --header-size %v has empty values: raise it", e.Size),
		refuse(e.Escapes > 0 && versions == frame.VersionsOf(frame.Version10), "--header-escape needs STOMP 1.1, for 1.0 escapes nothing: leave out --stomp 1.0"),
	)
}

// FrameLimits returns the limits for frames of the plan, on either side: at least the default
// limits.
func (p *Plan) FrameLimits() frame.Limits {
	return ExtraLimits(p.Extra.Count.Max(), p.Extra.Size.Max())
}

// ExtraLimits returns the limits for frames with so many extra headers of such a size,
// besides others.
func ExtraLimits(count, size int) frame.Limits {
	l := frame.Limits{Body: MaxSize}.WithDefaults()
	line := 2*size + 64 // escaped, with its name
	l.Headers += count
	l.HeaderLine = max(l.HeaderLine, line)
	l.HeaderBlock += min(count*line, 2*MaxHeaderBlock+count*64)
	return l
}

// The number of different lists of extra headers and their memory: all producers share them.
const (
	maxHeaderSets = 1024
	minHeaderSets = 2
	headerMemory  = 16 << 20
	headerField   = 48 // of a list, besides the value
)

// HeaderSets are lists of extra headers that messages have in turn. They are made before the run
// and are read-only, so that producers share them.
type HeaderSets [][]frame.Field

// NewHeaderSets makes the plan's extra headers; nil if there are none. The same seed makes the same
// headers. Numbers and sizes have their exact shares in each round of the lists.
func (p *Plan) NewHeaderSets() HeaderSets {
	e := &p.Extra
	if !e.Any() {
		return nil
	}
	random := rand.New(p.random(math.MaxUint64))
	counts := e.Count.shuffled(e.sets(), random)
	total := 0
	for _, n := range counts {
		total += n
	}
	sizes := e.Size.shuffled(max(total, 1), random)
	source := p.random(math.MaxUint64 - 1)
	out := make(HeaderSets, len(counts))
	at := 0
	for i, n := range counts {
		out[i] = make([]frame.Field, n)
		for k := range n {
			nth := at
			if e.Fixed { // a shorter value is the beginning of a longer one
				source, nth = p.random(math.MaxUint64-2-uint64(k)), k
			}
			out[i][k] = frame.Field{Name: ExtraName(k), Value: headerText(source, sizes[at%len(sizes)], e.escaped(nth))}
			at++
		}
	}
	return out
}

// sets returns how many lists there are: one, if all messages have the same.
func (e *Extra) sets() int {
	if e.Fixed && e.Count.Fixed() && e.Size.Fixed() {
		return 1
	}
	return min(max(int(headerMemory/max(e.memory(), 1)), minHeaderSets), maxHeaderSets)
}

// escaped reports whether value n has escapes: of any number of values the share that does, rounded up.
func (e *Extra) escaped(n int) bool {
	before := func(n int) float64 { return math.Ceil(float64(n)*e.Escapes - 1e-9) }
	return before(n+1) > before(n)
}

// HeadersMemory returns about how many bytes the extra headers take.
func (p *Plan) HeadersMemory() int { return int(float64(p.Extra.sets()) * p.Extra.memory()) }

const (
	headerLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	// mustEscape are the octets that STOMP 1.1 and 1.2 escape both.
	mustEscape = ":\\\n"
)

// headerText makes a value of letters, digits, - and _. With escapes, every eighth octet has to be
// escaped, beginning with the first.
func headerText(random *rand.ChaCha8, size int, escapes bool) string {
	var b strings.Builder
	b.Grow(size)
	bits := uint64(0)
	for i := range size {
		if i%8 == 0 {
			bits = random.Uint64()
		}
		if escapes && i%escapeEach == 0 {
			b.WriteByte(mustEscape[i/escapeEach%len(mustEscape)])
		} else {
			b.WriteByte(headerLetters[bits&63])
		}
		bits >>= 8
	}
	return b.String()
}
