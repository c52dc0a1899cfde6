package conn

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ParseURI returns a dialer for one URI, see [ParseAddress], or for a list as
// users of ActiveMQ write them:
//
//	failover:(stomp://a:61613,stomps://b)?randomize=false&maxReconnectAttempts=5
//	failover://(stomp://a,stomp://b)
//	failover:stomp://a,stomp://b
//
// A failover URI means what it means to ActiveMQ, its defaults included. Local
// addresses have no precedence, and the options set these fields of the dialer:
//
//	initialReconnectDelay=10      Backoff.Initial, in milliseconds
//	maxReconnectDelay=30000       Backoff.Max, in milliseconds
//	useExponentialBackOff=true    Backoff.Increase; none if it is false
//	backOffMultiplier=2.0         Backoff.Increase+1; reconnectDelayExponent is the same
//	maxReconnectAttempts=-1       MaxRounds; -1 is for ever, 0 is one round
//	randomize=true                Randomize
//	timeout=-1                    TotalTimeout, in milliseconds; -1 is none
//
// Any other option is an error that names it. The delays keep the jitter that
// ActiveMQ's do not have. Errors are [*AddressError].
func ParseURI(uri string) (*Dialer, error) {
	name, list, _ := strings.Cut(uri, ":")
	if !strings.EqualFold(name, "failover") {
		a, err := ParseAddress(uri)
		if err != nil {
			return nil, err
		}
		return &Dialer{Addresses: []Address{a}}, nil
	}
	list, options, err := splitFailover(list)
	if err != nil {
		return nil, err
	}
	d := &Dialer{KeepOrder: true, NoLoopback: true}
	for i, member := range strings.Split(list, ",") {
		a, err := ParseAddress(strings.TrimSpace(member))
		if err != nil {
			return nil, ofMember(err, i+1)
		}
		d.Addresses = append(d.Addresses, a)
	}
	policy := activeMQ()
	if err := policy.parse(options); err != nil {
		return nil, err
	}
	policy.apply(d)
	return d, nil
}

// splitFailover returns what stands in the parentheses and the options behind
// them. Without parentheses all of it is list.
func splitFailover(s string) (list, options string, err error) {
	inner, open := strings.CutPrefix(strings.TrimPrefix(s, "//"), "(")
	if !open {
		return s, "", nil
	}
	last := strings.LastIndexByte(inner, ')')
	if last < 0 {
		return "", "", problem("list", "has no closing parenthesis")
	}
	list, rest := inner[:last], inner[last+1:]
	options, ok := strings.CutPrefix(rest, "?")
	if (!ok && rest != "") || strings.ContainsAny(rest, "@#") {
		return "", "", problem("list", "is followed by something that is not ?name=value&name=value")
	}
	return list, options, nil
}

// failoverPolicy holds the options of ActiveMQ's failover transport that mean
// something here.
type failoverPolicy struct {
	initial, max, timeout time.Duration
	multiplier            float64
	exponential           bool
	randomize             bool
	rounds                int
}

// activeMQ returns ActiveMQ's defaults.
func activeMQ() failoverPolicy {
	return failoverPolicy{
		initial: 10 * time.Millisecond, max: 30 * time.Second, timeout: -1,
		multiplier: 2, exponential: true, randomize: true, rounds: -1,
	}
}

func (p *failoverPolicy) parse(options string) error {
	if options == "" {
		return nil
	}
	for option := range strings.SplitSeq(options, "&") {
		name, value, _ := strings.Cut(option, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			value = "" // which no option takes
		}
		if err := p.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (p *failoverPolicy) set(name, value string) error {
	wants, ok := "", false
	switch name {
	case "initialReconnectDelay":
		wants, ok = setMillis(&p.initial, value, 0)
	case "maxReconnectDelay":
		wants, ok = setMillis(&p.max, value, 1)
	case "timeout":
		wants, ok = setMillis(&p.timeout, value, -1)
	case "backOffMultiplier", "reconnectDelayExponent":
		var err error
		p.multiplier, err = strconv.ParseFloat(value, 64)
		wants, ok = "wants a number from 1 up", err == nil && p.multiplier >= 1 && !math.IsInf(p.multiplier, 0)
	case "useExponentialBackOff":
		wants, ok = setBool(&p.exponential, value)
	case "randomize":
		wants, ok = setBool(&p.randomize, value)
	case "maxReconnectAttempts":
		n, err := strconv.ParseInt(value, 10, 32)
		p.rounds = int(n)
		wants, ok = "wants -1 or a number of rounds", err == nil && n >= -1
	default:
		return unknownOption(name)
	}
	if !ok {
		return problem("option "+strconv.Quote(name), wants)
	}
	return nil
}

func setMillis(d *time.Duration, value string, least int64) (wants string, ok bool) {
	n, err := strconv.ParseInt(value, 10, 32)
	*d = time.Duration(n) * time.Millisecond
	return "wants milliseconds, from " + strconv.FormatInt(least, 10) + " up", err == nil && n >= least
}

func setBool(b *bool, value string) (wants string, ok bool) {
	*b = value == "true"
	return "wants true or false", *b || value == "false"
}

// apply translates to the zero values of Dialer and Backoff, which mean defaults.
func (p *failoverPolicy) apply(d *Dialer) {
	d.Randomize = p.randomize
	d.MaxRounds = p.rounds
	if p.rounds == 0 {
		d.MaxRounds = 1
	}
	d.TotalTimeout = max(p.timeout, 0)
	d.Backoff = Backoff{Initial: p.initial, Max: p.max, Increase: p.multiplier - 1}
	if p.initial == 0 {
		d.Backoff.Initial = -1
	}
	if !p.exponential || p.multiplier == 1 {
		d.Backoff.Increase = -1
	}
}
