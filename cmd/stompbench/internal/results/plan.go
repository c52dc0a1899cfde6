package results

import (
	"strings"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// Plan is the normalised plan of a run.
type Plan struct {
	Producers           int      `json:"producers"`
	Consumers           int      `json:"consumers"`
	ProducerConnections int      `json:"producer_connections"`
	ConsumerConnections int      `json:"consumer_connections"`
	ConnectRatePerSec   float64  `json:"connect_rate_per_s,omitempty"`
	SourceAddresses     []string `json:"source_addresses,omitempty"`
	WarmupSec           float64  `json:"warmup_s,omitempty"`
	DurationSec         float64  `json:"duration_s"` // without the warm-up; 0: until count
	Count               uint64   `json:"count"`      // 0: until duration
	SizeBytes           int      `json:"size_bytes"` // on average
	Sizes               string   `json:"sizes"`
	Payload             string   `json:"payload"`
	Stamp               string   `json:"stamp"`
	RatePerSec          float64  `json:"rate_per_s"` // on average; 0: flat out
	RateProfile         string   `json:"rate_profile,omitempty"`
	RateTolerance       float64  `json:"rate_tolerance,omitempty"`
	Window              int      `json:"receipt_window"`
	ReceiptEvery        int      `json:"receipt_every"`
	Transaction         int      `json:"transaction,omitempty"`
	Headers             []string `json:"headers,omitempty"`      // names only: a value may be a secret
	HeaderCount         string   `json:"header_count,omitempty"` // of the extra headers
	HeaderSizes         string   `json:"header_sizes,omitempty"`
	HeaderValues        string   `json:"header_values,omitempty"`
	HeaderEscapeShare   float64  `json:"header_escape_share,omitempty"`
	Persistent          bool     `json:"persistent"`
	Priority            string   `json:"priority,omitempty"`
	ExpiresSec          float64  `json:"expires_s,omitempty"`
	PublishTo           string   `json:"publish_to"`
	ConsumeFrom         string   `json:"consume_from"`
	Destinations        string   `json:"destinations"` // what %d in them stands for
	Delivery            string   `json:"delivery"`
	Ack                 string   `json:"ack"`
	AckEvery            int      `json:"ack_every"`
	NackShare           float64  `json:"nack_share,omitempty"`
	Prefetch            int      `json:"prefetch,omitempty"`
	ConsumerLatencyNs   int64    `json:"consumer_latency_ns,omitempty"`
	SlowConsumers       float64  `json:"slow_consumers,omitempty"`
	HeartBeatSec        float64  `json:"heart_beat_s,omitempty"`
	CoalesceReadsNs     int64    `json:"coalesce_reads_ns,omitempty"`
	Seed                uint64   `json:"seed"`
}

// manySizes is the number of sizes from which only the range is written: a folder of files may have
// very many.
const manySizes = 20

// PlanOf returns the plan in the form in which it is written out.
func PlanOf(p *workload.Plan) Plan {
	out := Plan{
		Producers: p.Producers, Consumers: p.Consumers,
		ProducerConnections: p.ProducerConnections, ConsumerConnections: p.ConsumerConnections,
		ConnectRatePerSec: p.ConnectRate,
		WarmupSec:         p.Warmup.Seconds(), DurationSec: p.Duration.Seconds(), Count: p.Count,
		SizeBytes: p.Size, Sizes: p.Sizes.String(), Payload: p.Payload.String(), Stamp: string(p.Stamp),
		RatePerSec: p.Rate, RateProfile: workload.FormatRate(p.Profile),
		Window: p.Window, ReceiptEvery: p.ReceiptEvery, Transaction: p.Transaction,
		Persistent: p.Persistent, Priority: p.Priorities.String(), ExpiresSec: p.Expires.Seconds(),
		PublishTo: p.PublishTo, ConsumeFrom: p.ConsumeFrom, Destinations: p.Destinations.String(),
		Delivery: string(p.Delivery), Ack: p.Ack.String(), AckEvery: p.AckEvery,
		NackShare: p.Nack, Prefetch: p.Prefetch,
		ConsumerLatencyNs: int64(p.ConsumerLatency),
		HeartBeatSec:      p.HeartBeat.Seconds(), CoalesceReadsNs: int64(p.CoalesceReads), Seed: p.Seed,
	}
	if p.Rate > 0 {
		out.RateTolerance = p.RateTolerance
	}
	if p.ConsumerLatency > 0 {
		out.SlowConsumers = p.SlowConsumers
	}
	if e := &p.Extra; e.Any() {
		out.HeaderCount, out.HeaderSizes, out.HeaderValues, out.HeaderEscapeShare = e.Count.String(), e.Size.String(), e.Kind(), e.Escapes
	}
	for _, a := range p.Sources {
		out.SourceAddresses = append(out.SourceAddresses, a.String())
	}
	for _, h := range p.Headers {
		out.Headers = append(out.Headers, strings.ToValidUTF8(h.Name, "?"))
	}
	if len(p.Sizes) > manySizes {
		out.Sizes = workload.Mix{{Min: p.Sizes.Min(), Max: p.Sizes.Max()}}.String()
	}
	return out
}
