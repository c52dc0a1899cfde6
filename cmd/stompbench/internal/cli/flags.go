package cli

import (
	"math/rand/v2"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// settings are the values of the flags of run.
type settings struct {
	plan     workload.Plan
	uri      uri.Brokers
	scenario string
	tls      tlsSettings
	dryRun   bool
	json     bool
	quiet    bool
	out      string
	judgement
	repeating
}

// Defaults. A window of 1000 receipts keeps a broker busy across a network and
// shows its receipts; one of 1 would measure the round trip.
const (
	defaultDestination = "/queue/stompbench"
	defaultDuration    = 10 * time.Second
	defaultSize        = 128
	defaultWindow      = 1000
	defaultTimeout     = 5 * time.Second
	defaultAwait       = time.Minute
	defaultTolerance   = 0.01
)

// flags are the flags of run, in groups for the help.
type flags struct {
	*pflag.FlagSet
	group string
}

const (
	groupKey  = "group"  // annotation: the group of a flag
	commonKey = "common" // annotation: the flag is in the short help
)

// add adds a flag to the current group. If kind begins with *, the short help shows the flag.
func (f *flags) add(name, letter, kind, text, help string, v *value) {
	v.kind, v.text = trimStar(kind), text
	f.VarP(v, name, letter, help)
	f.annotate(name, kind)
}

// flag adds a boolean flag.
func (f *flags) flag(into *bool, name, letter, kind, help string) {
	addSwitch(f.FlagSet, into, name, letter, help)
	f.annotate(name, kind)
}

func (f *flags) annotate(name, kind string) {
	flag := f.Lookup(name)
	flag.Annotations = map[string][]string{groupKey: {f.group}}
	if kind != trimStar(kind) {
		flag.Annotations[commonKey] = nil
	}
}

func trimStar(kind string) string {
	if kind != "" && kind[0] == '*' {
		return kind[1:]
	}
	return kind
}

// newFlags returns the flags of run and the settings that they fill.
func newFlags() (*pflag.FlagSet, *settings) {
	s := &settings{plan: workload.Plan{
		Producers: 1, Consumers: 1, Duration: defaultDuration, Size: defaultSize, Window: defaultWindow,
		RateTolerance: defaultTolerance, PublishTo: defaultDestination, ConnectTimeout: 2 * defaultTimeout, DrainTimeout: defaultTimeout, Await: defaultAwait,
		Seed: rand.Uint64N(1 << 53), // a JSON number that every parser reads exactly
	}}
	f := &flags{FlagSet: pflag.NewFlagSet("stompbench", pflag.ContinueOnError)}
	f.SortFlags = false
	f.Usage = func() {}
	for _, g := range []struct {
		name string
		add  func(*flags)
	}{
		{"Broker and connections", s.brokerFlags},
		{"Load", s.loadFlags},
		{"Destinations", s.destinationFlags},
		{"Messages", s.messageFlags},
		{"Receipts and transactions", s.confirmFlags},
		{"Consumers", s.consumerFlags},
		{"Judgement", s.judgement.addFlags},
		{"Several runs", s.repeating.addFlags},
		{"Run and output", s.outputFlags},
	} {
		f.group = g.name
		g.add(f)
	}
	return f.FlagSet, s
}

func (s *settings) brokerFlags(f *flags) {
	p := &s.plan
	f.add("uri", "u", "*URI", "", "the broker, as stomp://user:password@host:port/vhost; also stomps, ws and wss; several with commas between take turns; without it a broker is started in this process",
		parsed(&s.uri, parseURI))
	f.add("broker", "", "NAME", "auto", "whose headers to use: rabbitmq, activemq or artemis; auto goes by what the broker says of itself",
		parsed(&p.Kind, parseBroker))
	f.add("stomp", "", "VERSION", "", "speak 1.0, 1.1 or 1.2 only; without it, the highest the broker knows", parsed(&p.Versions, parseVersion))
	f.add("heart-beat", "", "TIME", "10s", "heart-beats to offer and to ask for; 0 for none", parsed(&p.HeartBeat, parseHeartBeat))
	f.add("tls-ca", "", "FILE", "", "PEM certificates to trust, instead of the system's", parsed(&s.tls.ca, asIs))
	f.add("tls-cert", "", "FILE", "", "PEM certificate to show the broker, with --tls-key", parsed(&s.tls.cert, asIs))
	f.add("tls-key", "", "FILE", "", "PEM key of --tls-cert", parsed(&s.tls.key, asIs))
	f.add("tls-server-name", "", "NAME", "", "name that the broker's certificate must have, instead of the host", parsed(&s.tls.serverName, asIs))
	f.flag(&s.tls.insecure, "tls-insecure", "", "", "take any certificate")
	f.add("producer-connections", "", "N", "", "connections that producers share; without it, one each", parsed(&p.ProducerConnections, parseInt))
	f.add("consumer-connections", "", "N", "", "connections that consumers share; without it, one each", parsed(&p.ConsumerConnections, parseInt))
	f.add("connect-rate", "", "RATE", "", "connections to make a second; without it, as fast as they come", parsed(&p.ConnectRate, parseRate))
	f.add("source-address", "", "IPS", "", "addresses of this machine to connect from, in turn", parsed(&p.Sources, parseSources))
	f.add("coalesce-reads", "", "TIME", "", "least time between the reads of a connection while data keeps coming, such as 1ms: spares processor time, and adds up to that to latencies", parsed(&p.CoalesceReads, parseDuration))
	f.add("connect-timeout", "", "TIME", "10s", "for connecting, and for subscribing", parsed(&p.ConnectTimeout, parseDuration))
}

func (s *settings) loadFlags(f *flags) {
	p := &s.plan
	f.add("producers", "x", "*N", "1", "workers that send", parsed(&p.Producers, parseInt))
	f.add("consumers", "y", "*N", "1", "workers that receive", parsed(&p.Consumers, parseInt))
	f.add("duration", "z", "*TIME", "10s", "how long to send; without a unit, seconds", parsed(&p.Duration, parseDuration))
	f.add("count", "C", "*N", "", "send this many messages in all, however long it takes; k, M", parsed(&p.Count, parseCount))
	f.add("rate", "r", "*RATE", "", "messages a second of all producers together, such as 5000, 50k or 300k/m; steps as 10k:30s,50k:30s, a ramp as 1k..50k:60s; without it, flat out",
		parsed(&p.Profile, workload.ParseRate))
	f.add("rate-tolerance", "", "SHARE", "1%", "share of the messages due by --rate that may be missing at the end; more is exit code 5, or 4 if the generator was at fault",
		parsed(&p.RateTolerance, parseShare))
	f.add("warmup", "", "*TIME", "", "send this long before measuring: in the books, not in latencies and rates", parsed(&p.Warmup, parseDuration))
	f.add("run-id", "", "NAME", "", "share the run with other processes that are given the same name and --out: each keeps its own books, and stompbench merge closes them", parsed(&p.RunName, workload.ParseRunName))
	f.add("await", "", "TIME", "1m", "with --run-id and no producers: how long to wait for the first message; the run ends after --drain-timeout without one", parsed(&p.Await, parseDuration))
	f.add("drain-timeout", "", "TIME", "5s", "of silence at the end, without a receipt or a message, after which messages that have not come count as lost and receipts as unknown", parsed(&p.DrainTimeout, parseDuration))
}

func (s *settings) destinationFlags(f *flags) {
	p := &s.plan
	f.add("publish-to", "t", "*DEST", defaultDestination, "destination to send to; %d in it, or %03d, stands for a number", parsed(&p.PublishTo, asIs))
	f.add("consume-from", "T", "*DEST", "", "destination to subscribe to; the one sent to, if not given", parsed(&p.ConsumeFrom, asIs))
	f.add("destinations", "", "N", "", "what %d stands for: 10 is 1..10, and 5..14 those; without it, one for each producer", parsed(&p.Destinations, workload.ParseRange))
	f.add("delivery", "", "HOW", "auto", "whether consumers share the messages (shared) or get all of them (each); auto goes by the destination",
		parsed(&p.Delivery, parseDelivery))
}

func (s *settings) messageFlags(f *flags) {
	p := &s.plan
	f.add("size", "s", "*BYTES", "128", "size of a body; k, KiB, kB, MiB, MB; a range as 100..4k, shares as 128:80,4k:15,64k:5", parsed(&p.Sizes, workload.ParseSizes))
	f.add("payload", "", "WHAT", "random", "what bodies are made of: random, random:0.3 for that share of it, zeros, text, or @FILE or @DIRECTORY as they are",
		parsed(&p.Payload, workload.ParsePayload))
	f.add("stamp", "", "WHERE", "auto", "where a message has its times and checksum: body, header, or auto, which is the body if there is room", parsed(&p.Stamp, parseStamp))
	f.VarP(&value{kind: "NAME:VALUE", set: s.addHeader}, "header", "H", "header to send with each message; may be repeated; %d is the message's number, %p the producer's, %% a percent sign")
	f.annotate("header", "*")
	f.add("header-count", "", "N", "", "headers to send with each message besides, hdr001, hdr002 and so on; a range as 0..64, shares as 4:80,64:20", parsed(&p.Extra.Count, workload.ParseHeaderCounts))
	f.add("header-size", "", "BYTES", "16", "size of their values; a range or shares as of --size", parsed(&p.Extra.Size, workload.ParseSizes))
	f.add("header-values", "", "KIND", "random", "what they are: random, others in each message, or fixed", parsed(&p.Extra.Fixed, parseHeaderValues))
	f.add("header-escape", "", "SHARE", "", "share of them in which every eighth octet is one that STOMP escapes", parsed(&p.Extra.Escapes, parseShare))
	f.flag(&p.Persistent, "persistent", "", "*", "send messages that survive the broker")
	f.add("priority", "", "N", "", "priority from 0 to 9; shares as 9:10,4:90", parsed(&p.Priorities, workload.ParsePriorities))
	f.add("expires", "", "TIME", "", "after which the broker may drop a message, which then counts as lost", parsed(&p.Expires, parseDuration))
	f.add("seed", "", "N", "", "of the random payloads; without it, a random one", parsed(&p.Seed, parseCount))
}

func (s *settings) confirmFlags(f *flags) {
	p := &s.plan
	f.add("confirm", "c", "*N", "1000", "receipts that each producer lets be outstanding; 0 asks for none", parsed(&p.Window, parseInt))
	f.add("receipt-every", "", "N", "1", "ask for a receipt for every Nth message of a producer and destination only", parsed(&p.ReceiptEvery, parseInt))
	f.add("transaction", "", "N", "", "send in transactions of N messages; the receipt is that of COMMIT", parsed(&p.Transaction, parseInt))
}

func (s *settings) consumerFlags(f *flags) {
	p := &s.plan
	f.add("ack", "", "*MODE", "auto", "auto, client or client-individual", parsed(&p.Ack, parseAck))
	f.add("ack-every", "", "N", "1", "in mode client, one ACK for every N messages", parsed(&p.AckEvery, parseInt))
	f.add("nack", "", "SHARE", "", "share of the messages to refuse with NACK, such as 0.01 or 1%", parsed(&p.Nack, parseShare))
	f.add("prefetch", "", "N", "", "messages that a consumer may have and not have acknowledged; without it, as the broker does", parsed(&p.Prefetch, parseInt))
	f.add("consumer-latency", "", "TIME", "", "how long a consumer takes for each message", parsed(&p.ConsumerLatency, parseDuration))
	f.add("slow-consumers", "", "SHARE", "1", "share of the consumers that --consumer-latency is for", parsed(&p.SlowConsumers, parseShare))
}

func (s *settings) outputFlags(f *flags) {
	f.add("scenario", "f", "*FILE", "", "read flags from a YAML file; the command line and the environment go before it", parsed(&s.scenario, asIs))
	f.flag(&s.dryRun, "dry-run", "", "*", "show what would be done, and do nothing")
	f.add("out", "o", "*DIR", "", "keep the result there: result.json, a page with plots, and more", parsed(&s.out, asIs))
	f.flag(&s.json, "json", "", "*", "write the result as one JSON object")
	f.flag(&s.quiet, "quiet", "q", "*", "show nothing but the result")
	f.flag(new(bool), "help", "h", "*", "show the flags that are used most")
	f.flag(new(bool), "help-all", "", "*", "show all flags")
	f.flag(new(bool), "version", "", "", "show the version")
}

func (s *settings) addHeader(text string) error {
	h, err := workload.ParseHeader(text)
	if err == nil {
		s.plan.Headers = append(s.plan.Headers, h)
	}
	return err
}
