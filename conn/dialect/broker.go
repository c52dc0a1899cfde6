package dialect

import (
	"strconv"
	"strings"
)

// Broker is an implementation in the table.
type Broker uint8

const (
	Unknown  Broker = iota // any other broker: expected to follow the specifications
	RabbitMQ               // RabbitMQ with its STOMP plugin
	ActiveMQ               // ActiveMQ Classic
	Artemis                // ActiveMQ Artemis
	Embedded               // package broker of this module

	numBrokers
)

// String returns the name of the broker.
func (b Broker) String() string { return b.Dialect().Name }

// Valid reports whether b is one of the constants.
func (b Broker) Valid() bool { return b < numBrokers }

// Dialect returns the dialect of the current release of b. A Broker that is not
// [Broker.Valid] has the dialect of [Unknown].
func (b Broker) Dialect() Dialect {
	if !b.Valid() {
		b = Unknown
	}
	return table[b]
}

// Of returns the dialect of the broker that sent server in the server header of its
// CONNECTED, such as "RabbitMQ/3.10.8".
func Of(server string) Dialect {
	best := table[Unknown]
	for _, d := range table[Unknown+1:] {
		// "ActiveMQ-Artemis" starts with "ActiveMQ": the longest prefix wins.
		if strings.HasPrefix(server, d.ServerPrefix) && len(d.ServerPrefix) > len(best.ServerPrefix) {
			best = d
		}
	}
	release := strings.TrimPrefix(strings.TrimPrefix(server, best.ServerPrefix), "/")
	if olderThan(release, best.maxFrameSince) {
		best.MaxFrame = 0
	}
	return best
}

// olderThan compares dotted numbers. A release that is not a number is not older.
func olderThan(release, than string) bool {
	for than != "" {
		var a, b string
		a, release, _ = strings.Cut(release, ".")
		b, than, _ = strings.Cut(than, ".")
		x, err1 := strconv.Atoi(a)
		y, err2 := strconv.Atoi(b)
		if err1 != nil || err2 != nil || x != y {
			return err1 == nil && err2 == nil && x < y
		}
	}
	return false
}
