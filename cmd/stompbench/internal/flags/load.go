package flags

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/spf13/pflag"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/uri"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/engine/link"
	"github.com/stompwire/stompwire/frame"
)

// Load is the values of the flags that describe a load, and how its result is judged and written.
// run has all of these flags; other verbs borrow some.
type Load struct {
	Plan workload.Plan

	SLO           slo.SLO
	AcceptLimited bool // a result that the generator limited is accepted

	Out                 string // the folder for the result, "" for none
	DryRun, JSON, Quiet bool

	tls      tlsFiles
	scenario string
}

// DefaultDestination is the default of --publish-to.
const DefaultDestination = "/queue/stompbench"

// TLS are the flags of a connection with TLS.
var TLS = []string{"tls-ca", "tls-cert", "tls-key", "tls-server-name", "tls-insecure"}

// NewLoad returns the flags of a load and the values that they fill. A window of 1000 receipts keeps
// a broker busy across a network and shows its receipts; one of 1 would measure the round trip.
func NewLoad() (*Load, *pflag.FlagSet) {
	l := &Load{Plan: workload.Plan{Seed: rand.Uint64N(1 << 53)}} // a JSON number that every parser reads exactly
	p, f := &l.Plan, New(pflag.NewFlagSet("", pflag.ContinueOnError))
	f.Group = "Broker and connections"
	f.Add("uri,u", "", "the broker, as stomp://user:password@host:port/vhost, or with stomps, ws or wss; several with commas between take turns; without it, one in this process",
		Parsed(&p.Broker, "URI", uri.Parse))
	f.Add("broker", "auto", "whose headers to use: rabbitmq, activemq or artemis; auto goes by what the broker says of itself",
		OneOf(&p.Kind, "NAME", []dialect.Broker{dialect.Unknown, dialect.RabbitMQ, dialect.ActiveMQ, dialect.Artemis}, profiles...))
	f.Add("stomp", "", "speak 1.0, 1.1 or 1.2 only; without it, the highest the broker knows",
		OneOf(&p.Versions, "VERSION", []frame.Versions{1 << frame.Version10, 1 << frame.Version11, 1 << frame.Version12}))
	f.Add("heart-beat", "10s", "heart-beats to offer and to ask for; 0 for none", HeartBeat(&p.HeartBeat))
	f.Add("tls-ca", "", "PEM certificates to trust, instead of the system's", Text(&l.tls.ca, "FILE"))
	f.Add("tls-cert", "", "PEM certificate to show the broker, with --tls-key", Text(&l.tls.cert, "FILE"))
	f.Add("tls-key", "", "PEM key of --tls-cert", Text(&l.tls.key, "FILE"))
	f.Add("tls-server-name", "", "name that the broker's certificate must have, instead of the host", Text(&l.tls.serverName, "HOST"))
	f.Add("tls-insecure", "false", "accept any certificate", Switch(&l.tls.insecure))
	f.Add("producer-connections", "", "connections that producers share; without it, one each", Int(&p.ProducerConnections, 1, workload.MaxWorkers))
	f.Add("consumer-connections", "", "connections that consumers share; without it, one each", Int(&p.ConsumerConnections, 1, workload.MaxWorkers))
	f.Add("connect-rate", "", "connections to make a second; without it, as fast as possible", Rate(&p.ConnectRate))
	f.Add("source-address", "", "addresses of this machine to connect from, in turn", List(&p.Sources, "IPS", parseAddress))
	f.Add("coalesce-reads", "", "least time between the reads of a connection while data keeps coming, such as 1ms: saves CPU time, and adds up to that to latencies",
		Time(&p.CoalesceReads, 0, link.MaxCoalesce))
	f.Add("connect-timeout", "10s", "how long connecting and subscribing may take", Time(&p.ConnectTimeout, time.Millisecond, MaxTime))
	f.Group = "Load"
	f.Add("producers,x", "1", "workers that send", Int(&p.Producers, 0, workload.MaxWorkers))
	f.Add("consumers,y", "1", "workers that receive", Int(&p.Consumers, 0, workload.MaxWorkers))
	f.Add("duration,z", "10s", "how long to send; without a unit, seconds", Time(&p.Duration, 0, MaxTime))
	f.Add("count,C", "", "messages to send in all, however long it takes; k, M", Count(&p.Count, 1))
	f.Add("rate,r", "", "messages a second of all producers together, such as 5000, 50k or 300k/m; steps as 10k:30s,50k:30s, a ramp as 1k..50k:60s; without it, as fast as possible",
		Parsed(&p.Profile, "RATE", workload.ParseRate))
	f.Add("rate-tolerance", "1%", "share of the messages due by --rate that may be missing at the end; more is exit code 5, or 4 if the generator was at fault",
		Share(&p.RateTolerance, 0, 1))
	f.Add("warmup", "", "send this long before measuring: in the books, not in latencies and rates", Time(&p.Warmup, 0, MaxTime))
	f.Add("run-id", "", "share the run with other processes that are given the same name and --out: each keeps its own books, and stompbench merge closes them",
		Parsed(&p.RunName, "NAME", workload.ParseRunName))
	f.Add("await", "1m", "how long a process of --run-id without producers waits for the first message", Time(&p.Await, time.Millisecond, MaxTime))
	f.Add("drain-timeout", "5s", "how long the end waits in silence before missing messages count as lost, and receipts as unknown",
		Time(&p.DrainTimeout, time.Millisecond, MaxTime))
	f.Add("drain-limit", "", "how long the end takes at most; without it 5m, or --drain-timeout if that is longer",
		Time(&p.DrainLimit, time.Millisecond, MaxTime))
	f.Group = "Destinations"
	f.Add("publish-to,t", DefaultDestination, "destination to send to; %d in it, or %03d, stands for a number", Text(&p.PublishTo, "DEST"))
	f.Add("consume-from,T", "", "destination to subscribe to; the one sent to, if not given", Text(&p.ConsumeFrom, "DEST"))
	f.Add("destinations", "", "what %d stands for: 10 is 1..10, and 5..14 those; without it, one for each producer",
		Parsed(&p.Destinations, "N", workload.ParseRange))
	f.Add("delivery", "auto", "whether consumers share the messages (shared) or get all of them (each); auto goes by the destination",
		OneOf(&p.Delivery, "HOW", []workload.Delivery{workload.Guess, workload.Shared, workload.Each}))
	f.Group = "Messages"
	f.Add("size,s", "128", "size of a body; k, KiB, kB, MiB, MB; a range as 100..4k, shares as 128:80,4k:15,64k:5",
		Parsed(&p.Sizes, "BYTES", workload.ParseSizes))
	f.Add("payload", "random", "what bodies are made of: random, random:0.3 for that share of it, zeros, text, or @FILE or @DIRECTORY as they are",
		Parsed(&p.Payload, "WHAT", workload.ParsePayload, "random", "zeros", "text"))
	f.Add("stamp", "auto", "where a message has its times and checksum: body, header, or auto, which is the body if there is room",
		OneOf(&p.Stamp, "WHERE", []workload.Stamp{workload.StampAuto, workload.StampBody, workload.StampHeader}))
	f.Add("header,H", "", "header to send with each message; may be repeated; %d is the message's number, %p the producer's, %% a percent sign",
		Repeated(&p.Headers, "NAME:VALUE", workload.ParseHeader))
	f.Add("header-count", "", "how many further headers each message has, hdr001 and so on; a range as 0..64, shares as 4:80,64:20",
		Parsed(&p.Extra.Count, "N", workload.ParseHeaderCounts))
	f.Add("header-size", "", "size of the values of --header-count; a range or shares as of --size; without it, 16",
		Parsed(&p.Extra.Size, "BYTES", workload.ParseHeaderSizes))
	f.Add("header-values", "random", "values of --header-count: random, which is others in each message, or fixed",
		OneOf(&p.Extra.Fixed, "KIND", []bool{false, true}, "random", "fixed"))
	f.Add("header-escape", "", "share of the values of --header-count in which STOMP escapes every eighth octet", Share(&p.Extra.Escapes, 0, 1))
	f.Add("persistent", "false", "send messages that survive the broker", Switch(&p.Persistent))
	f.Add("priority", "", "priority from 0 to 9; shares as 9:10,4:90", Parsed(&p.Priorities, "N", workload.ParsePriorities))
	f.Add("expires", "", "how long the broker keeps a message, which counts as lost after that", Time(&p.Expires, time.Millisecond, MaxTime))
	f.Add("seed", "", "seed of the random payloads; without it, a random one", Count(&p.Seed, 0))
	f.Group = "Receipts and transactions"
	f.Add("confirm,c", "1000", "receipts that each producer lets be outstanding; 0 asks for none", Int(&p.Window, 0, workload.MaxWindow))
	f.Add("receipt-every", "1", "ask for a receipt for every Nth message of a producer and destination only", Int(&p.ReceiptEvery, 1, math.MaxInt32))
	f.Add("transaction", "", "messages in a transaction, whose COMMIT has the receipt", Int(&p.Transaction, 0, workload.MaxTransaction))
	f.Group = "Consumers"
	f.Add("ack", "auto", "how to acknowledge messages: auto, client or client-individual", Ack(&p.Ack))
	f.Add("ack-every", "1", "in mode client, one ACK for every N messages", Int(&p.AckEvery, 1, math.MaxInt32))
	f.Add("nack", "", "share of the messages to refuse with NACK, such as 0.01 or 1%", Share(&p.Nack, 0, 1))
	f.Add("prefetch", "", "messages that a consumer may have without having acknowledged them; without it, as the broker does",
		Int(&p.Prefetch, 1, math.MaxInt32))
	f.Add("consumer-latency", "", "how long a consumer takes for each message", Time(&p.ConsumerLatency, 0, MaxTime))
	f.Add("slow-consumers", "1", "share of the consumers that take --consumer-latency", Share(&p.SlowConsumers, 1e-6, 1))
	f.Group = "Judgement"
	f.Add("slo", "", "what the run is to achieve, such as 'from_due.p99<20ms,lost=0,sent_per_s>=10k'; exit code 99 if it does not", SLO(&l.SLO))
	f.Add("accept-generator-limit", "false", "do not end with exit code 4 when it was the generator that could not keep the rate", Switch(&l.AcceptLimited))
	f.Group = "Run and output"
	f.Add("scenario,f", "", "read flags from a YAML file; the command line and the environment go before it", Text(&l.scenario, "FILE"))
	f.Add("dry-run", "false", "show what would be done, and do nothing", Switch(&l.DryRun))
	f.Add("out,o", "", "keep the result there: result.json, a page with plots, and more", Text(&l.Out, "DIR"))
	f.Add("json", "false", "write the result as one JSON object", Switch(&l.JSON))
	f.Add("quiet,q", "false", "show nothing but the result", Switch(&l.Quiet))
	return l, f.FlagSet
}

// profiles are the brokers with a known dialect, by the names that flags use.
var profiles = []string{dialect.Unknown: "auto", dialect.RabbitMQ: "rabbitmq", dialect.ActiveMQ: "activemq", dialect.Artemis: "artemis"}

// Profile returns the name of a broker's dialect, as the flag --broker spells it.
func Profile(b dialect.Broker) string { return profiles[b] }

func parseAddress(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		err = fmt.Errorf("%.64q is no IP address: write addresses of this machine with commas between", s)
	}
	return a, err
}
