package dialect

import (
	"strconv"

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
