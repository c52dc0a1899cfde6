package dial

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// parseFailover reads what follows "failover:". The list means what it means to
// ActiveMQ, defaults included; in particular local addresses do not come first.
func parseFailover(s string) (Plan, error) {
	list, options, err := splitFailover(s)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{KeepOrder: true, NoLoopback: true}
	for i, member := range strings.Split(list, ",") {
		a, err := ParseAddress(strings.TrimSpace(member))
		if err != nil {
			return Plan{}, ofMember(err, i+1)
		}
		p.Addresses = append(p.Addresses, a)
	}
	set := defaultOptions()
	if err := set.parse(options); err != nil {
		return Plan{}, err
	}
	set.apply(&p)
	return p, nil
}

// splitFailover returns the part in parentheses and the options behind it. Without
// parentheses all of it is the list.
func splitFailover(s string) (list, options string, err error) {
	inner, open := strings.CutPrefix(strings.TrimPrefix(s, "//"), "(")
	if !open {
		return strings.TrimPrefix(s, "//"), "", nil
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

// failoverOptions are the options of ActiveMQ's failover transport that have a meaning
// here.
type failoverOptions struct {
	initial, max, timeout time.Duration
	multiplier            float64
	exponential           bool
	randomize             bool
	rounds, firstRounds   int
}

// defaultOptions returns ActiveMQ's defaults.
func defaultOptions() failoverOptions {
	return failoverOptions{
		initial: 10 * time.Millisecond, max: 30 * time.Second, timeout: -1,
		multiplier: 2, exponential: true, randomize: true, rounds: -1, firstRounds: -1,
	}
}

func (o *failoverOptions) parse(options string) error {
	if options == "" {
		return nil
	}
	for option := range strings.SplitSeq(options, "&") {
		name, value, _ := strings.Cut(option, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			value = "" // which no option takes
		}
		if err := o.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (o *failoverOptions) set(name, value string) error {
	wants, ok := "", false
	switch name {
	case "initialReconnectDelay":
		wants, ok = setMillis(&o.initial, value, 0)
	case "maxReconnectDelay":
		wants, ok = setMillis(&o.max, value, 1)
	case "timeout":
		wants, ok = setMillis(&o.timeout, value, -1)
	case "backOffMultiplier", "reconnectDelayExponent":
		wants, ok = setMultiplier(&o.multiplier, value)
	case "useExponentialBackOff":
		wants, ok = setBool(&o.exponential, value)
	case "randomize":
		wants, ok = setBool(&o.randomize, value)
	case "maxReconnectAttempts":
		wants, ok = setRounds(&o.rounds, value)
	case "startupMaxReconnectAttempts":
		wants, ok = setRounds(&o.firstRounds, value)
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
	return "wants milliseconds, at least " + strconv.FormatInt(least, 10), err == nil && n >= least
}

func setMultiplier(f *float64, value string) (wants string, ok bool) {
	n, err := strconv.ParseFloat(value, 64)
	*f = n
	return "wants a number, at least 1", err == nil && n >= 1 && !math.IsInf(n, 0)
}

func setBool(b *bool, value string) (wants string, ok bool) {
	*b = value == "true"
	return "wants true or false", *b || value == "false"
}

func setRounds(rounds *int, value string) (wants string, ok bool) {
	n, err := strconv.ParseInt(value, 10, 32)
	*rounds = int(n)
	return "wants a number of rounds, or -1", err == nil && n >= -1
}

// apply translates to Plan and Backoff, where 0 means that nothing was said.
func (o *failoverOptions) apply(p *Plan) {
	p.Randomize = o.randomize
	p.Rounds = atLeastOne(o.rounds)
	if o.firstRounds >= 0 {
		p.FirstRounds = atLeastOne(o.firstRounds)
	}
	p.Timeout = max(o.timeout, 0)
	p.Backoff = Backoff{Initial: o.initial, Max: o.max, Increase: o.multiplier - 1}
	if o.initial == 0 {
		p.Backoff.Initial = -1
	}
	if !o.exponential || o.multiplier == 1 {
		p.Backoff.Increase = -1
	}
}

// atLeastOne turns no reconnect attempts into the one round that connects.
func atLeastOne(rounds int) int {
	if rounds == 0 {
		return 1
	}
	return rounds
}
