package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// value is a flag whose text is parsed by a function.
type value struct {
	kind string // shown in the help
	text string
	set  func(string) error
}

func (v *value) Type() string   { return v.kind }
func (v *value) String() string { return v.text }

func (v *value) Set(s string) error {
	if err := v.set(strings.TrimSpace(s)); err != nil {
		return err
	}
	v.text = s
	return nil
}

var _ pflag.Value = (*value)(nil)

// addSwitch adds a boolean flag. Files and environment variables may spell the value out.
func addSwitch(f *pflag.FlagSet, into *bool, name, letter, help string) {
	v := &value{kind: "bool", text: "false", set: func(s string) error {
		switch strings.ToLower(s) {
		case "true", "yes", "on", "1":
			*into = true
		case "false", "no", "off", "0":
			*into = false
		default:
			return errors.New("write true or false")
		}
		return nil
	}}
	f.VarPF(v, name, letter, help).NoOptDefVal = "true"
}

// parsed makes a flag value from a parsing function and its target.
func parsed[T any](into *T, parse func(string) (T, error)) *value {
	v := &value{}
	v.set = func(s string) error {
		x, err := parse(s)
		if err == nil {
			*into = x
		}
		return err
	}
	return v
}

func parseAck(s string) (frame.AckMode, error) {
	mode, ok := frame.ParseAckMode(s)
	if !ok || s == "" {
		return 0, errors.New("choose auto, client or client-individual")
	}
	return mode, nil
}

func parseDelivery(s string) (workload.Delivery, error) {
	d, ok := workload.ParseDelivery(s)
	if !ok {
		return 0, errors.New("choose auto, shared or each")
	}
	return d, nil
}

func parseStamp(s string) (workload.Stamp, error) {
	where, ok := workload.ParseStamp(s)
	if !ok {
		return 0, errors.New("choose auto, body or header")
	}
	return where, nil
}

// parseHeaderValues reports whether values are fixed.
func parseHeaderValues(s string) (fixed bool, err error) {
	if s != "random" && s != "fixed" {
		return false, errors.New("choose random or fixed")
	}
	return s == "fixed", nil
}

// brokerProfiles are the brokers with a known dialect, by the names that flags use.
var brokerProfiles = map[string]dialect.Broker{"auto": dialect.Unknown, "rabbitmq": dialect.RabbitMQ, "activemq": dialect.ActiveMQ, "artemis": dialect.Artemis}

func parseBroker(s string) (dialect.Broker, error) {
	b, ok := brokerProfiles[strings.ToLower(s)]
	if !ok {
		return 0, errors.New("choose auto, rabbitmq, activemq or artemis")
	}
	return b, nil
}

func parseVersion(s string) (frame.Versions, error) {
	v := frame.ParseVersion(s)
	if v == 0 {
		return 0, errors.New("choose 1.0, 1.1 or 1.2")
	}
	return frame.VersionsOf(v), nil
}

// The plan defines the syntax of values. These functions give them the names of their kinds here.
func parseDuration(s string) (time.Duration, error) { return workload.ParseDuration(s) }

func parseInt(s string) (int, error) { return workload.ParseInt(s) }

func parseCount(s string) (uint64, error) { return workload.ParseCount(s) }

func parseShare(s string) (float64, error) { return workload.ParseShare(s) }

// parseRate reads a number a second.
func parseRate(s string) (float64, error) { return workload.ParsePerSecond(s) }

func parseURI(s string) (uri.Brokers, error) { return uri.Parse(s) }

// parseHeartBeat parses a time. For the client 0 is the default, and a negative value is none.
func parseHeartBeat(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	switch {
	case err != nil:
		return 0, err
	case d == 0:
		return -1, nil
	case d < time.Millisecond:
		return 0, errors.New("choose 1ms or more, or 0 for none")
	}
	return d, nil
}

func parseSources(s string) (out []netip.Addr, err error) {
	for text := range strings.SplitSeq(s, ",") {
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%.64q is no IP address: write addresses of this machine with commas between", text)
		}
		out = append(out, a)
	}
	return out, nil
}

func asIs(s string) (string, error) { return s, nil }
