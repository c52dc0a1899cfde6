package dialect

import (
	"math"
	"strconv"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

// PrefetchUnit is what a prefetch header counts.
type PrefetchUnit uint8

const (
	PrefetchUnknown PrefetchUnit = iota
	Messages
	Octets
)

// prefetch returns the bound in the unit of the broker.
func (d *Dialect) prefetch(r *request) (int, error) {
	hint, n := "Prefetch", r.messages
	switch d.PrefetchUnit {
	case PrefetchUnknown:
		return 0, d.refuse(hint, "no header is known for it; name the broker in the configuration")
	case Octets:
		hint, n = "PrefetchBytes", r.octets
	}
	if n == nil {
		return 0, d.refuse(hint, "is missing, and the broker counts nothing else")
	}
	if *n < 1 {
		return 0, d.refuse(hint, strconv.Itoa(*n)+" would deliver nothing")
	}
	return *n, nil
}

// DefaultPrefetch returns the header that bounds what a SUBSCRIBE to destination lets the
// broker deliver unacknowledged to n messages. ok is false if subscribe, its headers, has a
// prefetch already, if the broker does not count messages, or if the bound could lose some:
// ActiveMQ, as it is shipped, drops messages of a topic that wait for a slow consumer.
func (d *Dialect) DefaultPrefetch(destination string, subscribe frame.Fields, n int) (f frame.Field, ok bool) {
	if d.PrefetchUnit != Messages || d.TopicsDrop && strings.Contains(destination, "topic/") {
		return f, false
	}
	for i := range table { // the embedded broker understands ActiveMQ's header as well
		if name := table[i].PrefetchHeader; name != "" {
			if _, found := subscribe.Lookup(name); found {
				return f, false
			}
		}
	}
	return frame.Field{Name: d.PrefetchHeader, Value: strconv.Itoa(min(n, math.MaxInt32))}, true
}

// unlimited is the value of Artemis's PrefetchHeader that bounds nothing.
const unlimited = "-1"

// CheckPrefetch refuses headers of a SUBSCRIBE after which the broker would deliver a
// few messages and then none, see PrefetchNeedsAck. The error is a [*HintError].
func (d *Dialect) CheckPrefetch(mode frame.AckMode, subscribe frame.Fields) error {
	if !d.PrefetchNeedsAck || mode != frame.AckAuto {
		return nil
	}
	// Artemis understands ActiveMQ's header as well.
	for _, name := range [...]string{d.PrefetchHeader, table[ActiveMQ].PrefetchHeader} {
		if n, found := subscribe.Lookup(name); found && n != unlimited {
			return d.refuse("PrefetchBytes", "in ack mode auto the broker would deliver that much and then nothing: use client or client-individual, or no prefetch")
		}
	}
	return nil
}
