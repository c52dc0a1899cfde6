package workload

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"

	"github.com/stompwire/stompwire/frame"
)

// Extra are headers that messages have only for their number and size.
type Extra struct {
	Count   Mix     // how many a message has; nil: none
	Size    Mix     // of a value in bytes, before it is escaped; nil is 16
	Fixed   bool    // the same values in every message
	Escapes float64 // share of the values with characters that STOMP escapes
}

// The bounds of extra headers.
const (
	MaxHeaders     = 1000
	MaxHeaderSize  = 64 << 10
	MaxHeaderBlock = 1 << 20 // all values of a message together
)

// ExtraName returns the name of extra header i, from 0. It is also valid for brokers that turn
// headers into message properties.
func ExtraName(i int) string { return fmt.Sprintf("hdr%03d", i+1) }

// extraNames matches the names that extra headers may have.
var extraNames = regexp.MustCompile(`^hdr(\d{3}|1000)$`)

// Any reports whether any message has extra headers.
func (e *Extra) Any() bool { return e.Count.Max() > 0 }

// Bytes returns how many bytes the values take in a message, on average.
func (e *Extra) Bytes() int { return int(e.Count.Mean()*e.Size.Mean() + 0.5) }

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
		refuse(e.Count.Max()*e.Size.Max() > MaxHeaderBlock,
			"--header-count %v of --header-size %v B are more than %d MiB in a message: lower one of them", e.Count, e.Size, MaxHeaderBlock>>20),
		refuse(e.Escapes > 0 && e.Size.Min() == 0, "--header-escape needs something to escape, and --header-size %v has empty values: raise it", e.Size),
		refuse(e.Escapes > 0 && versions == frame.VersionsOf(frame.Version10),
			"--header-escape needs STOMP 1.1, for 1.0 escapes nothing: leave out --stomp 1.0"),
	)
}

// ExtraLimits returns the limits for frames with so many extra headers of such a size, besides others:
// at least the default limits.
func ExtraLimits(count, size int) frame.Limits {
	l := frame.Limits{Body: MaxSize}.WithDefaults()
	line := 2*size + 64 // escaped, with its name
	l.Headers += count
	l.HeaderLine = max(l.HeaderLine, line)
	l.HeaderBlock += min(count*line, 2*MaxHeaderBlock+count*64)
	return l
}

// HeaderSets are lists of extra headers that messages have in turn. They are made before the run
// and are read-only, so that producers share them.
type HeaderSets [][]frame.Field

// NewHeaderSets makes the plan's extra headers; nil if there are none. The same seed makes the same
// headers. Numbers and sizes have their exact shares in each round of the lists.
func (p *Plan) NewHeaderSets() (out HeaderSets) {
	e := &p.Extra
	if !e.Any() {
		return nil
	}
	random, total, at := rand.New(p.random(math.MaxUint64)), 0, 0
	for _, n := range e.Count.shuffled(e.sets(), random) {
		out = append(out, make([]frame.Field, n))
		total += n
	}
	sizes := e.Size.shuffled(max(total, 1), random)
	source := p.random(math.MaxUint64 - 1)
	for _, set := range out {
		for k := range set {
			nth := at
			if e.Fixed { // a shorter value is the beginning of a longer one
				source, nth = p.random(math.MaxUint64-2-uint64(k)), k
			}
			set[k] = frame.Field{Name: ExtraName(k), Value: headerText(source, sizes[at%len(sizes)], e.escaped(nth))}
			at++
		}
	}
	return out
}

// memory is about how many bytes a list takes, on average: a field besides each value.
func (e *Extra) memory() float64 { return e.Count.Mean() * (e.Size.Mean() + 48) }

// sets returns how many lists there are: one, if all messages have the same; else up to 1024, in 16 MiB.
func (e *Extra) sets() int {
	if e.Fixed && e.Count.Fixed() && e.Size.Fixed() {
		return 1
	}
	return min(max(int(16<<20/max(e.memory(), 1)), 2), 1024)
}

// HeadersMemory returns about how many bytes the extra headers take.
func (p *Plan) HeadersMemory() int { return int(float64(p.Extra.sets()) * p.Extra.memory()) }

// escaped reports whether value n has escapes: of any number of values the share that does, rounded up.
func (e *Extra) escaped(n int) bool {
	before := func(n int) float64 { return math.Ceil(float64(n)*e.Escapes - 1e-9) }
	return before(n+1) > before(n)
}

// headerText makes a value of letters, digits, - and _. With escapes, every eighth octet is one that
// STOMP 1.1 and 1.2 escape both, beginning with the first.
func headerText(random *rand.ChaCha8, size int, escapes bool) string {
	const letters, escaped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", ":\\\n"
	text := make([]byte, size)
	_, _ = random.Read(text) // never fails
	for i, c := range text {
		text[i] = letters[c&63]
		if escapes && i%8 == 0 {
			text[i] = escaped[i/8%len(escaped)]
		}
	}
	return string(text)
}
