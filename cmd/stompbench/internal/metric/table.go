package metric

// ID names a metric.
type ID uint8

// The metrics. Those before UnconfirmedLost can be counted in [Counts].
const (
	Sent ID = iota
	Unsent
	Confirmed
	Rejected
	Unknown
	Expected
	Received
	Lost
	ConfirmedLost
	Duplicated
	Redelivered
	Nacked
	Reordered
	Corrupt
	Foreign
	AckErrors

	UnconfirmedLost
	MaxBacklog

	Sending
	Receiving
	SendingFrom
	ReceivingFrom

	SentPerS
	ConfirmedPerS
	ReceivedPerS
	SentBytesPerS
	ReceivedBytesPerS
	BacklogSlope

	LostShare
	UnsentShare
	BacklogSlopeShare

	CPUCores
	CPUPerMessage
	AllocsPerMessage
	GCCycles
	GCPause

	Backlog
	CPU
	Handled

	count
)

// counters is the number of metrics that [Counts] holds.
const counters = UnconfirmedLost

const (
	received = ForSLO | NeedsConsumers
	fault    = received | Compared | Fault
)

// defs is the table of all metrics.
var defs = [count]Def{
	Sent:          {Name: "sent", Help: "messages handed to the connection", EachSecond: "messages sent", Flags: ForSLO},
	Unsent:        {Name: "unsent", Help: "messages that were due and never sent", Better: -1, Flags: ForSLO | Compared | Fault},
	Confirmed:     {Name: "confirmed", Help: "messages confirmed by a receipt of their own or of their COMMIT", EachSecond: "messages confirmed", Flags: ForSLO | NeedsReceipts},
	Rejected:      {Name: "rejected", Help: "messages that the broker refused with an ERROR", Better: -1, Flags: ForSLO | Compared | Fault},
	Unknown:       {Name: "unknown", Help: "messages that asked for a receipt and never had an outcome", Better: -1, Flags: ForSLO | Compared | Fault | NeedsReceipts},
	Expected:      {Name: "expected", Help: "messages sent and not rejected, once for each subscriber that gets them all", Flags: received},
	Received:      {Name: "received", Help: "different messages received, once for each subscriber", EachSecond: "messages received, repeats included", Flags: received},
	Lost:          {Name: "lost", Help: "messages expected that never came", Better: -1, Flags: fault},
	ConfirmedLost: {Name: "confirmed_lost", Help: "lost messages that the broker had confirmed", Better: -1, Flags: received | Fault},
	Duplicated:    {Name: "duplicated", Help: "messages that came again, not marked by the broker", Better: -1, Flags: fault},
	Redelivered:   {Name: "redelivered", Help: "messages that came again, marked as redelivered by the broker", Better: -1, Flags: received | Compared | Later},
	Nacked:        {Name: "nacked", Help: "messages that consumers refused with NACK", EachSecond: "messages that consumers refused", Flags: received | Later},
	Reordered:     {Name: "reordered", Help: "messages that came after a later one of their producer", Better: -1, Flags: received | Compared},
	Corrupt:       {Name: "corrupt", Help: "messages that came damaged: their checksum is wrong", EachSecond: "messages that came damaged", Better: -1, Flags: fault},
	Foreign:       {Name: "foreign", Help: "messages that were not of this run, left out of everything else", EachSecond: "messages that were not of this run", Flags: received},
	AckErrors:     {Name: "ack_errors", Help: "ACKs and NACKs that could not be sent: the broker delivers these messages again", EachSecond: "ACKs and NACKs that could not be sent", Better: -1, Flags: fault | Optional},
	UnconfirmedLost: {Name: "unconfirmed_lost", Help: "lost messages that the broker had not confirmed", Better: -1, Flags: received | Fault,
		from: func(v *Values) (float64, bool) { return v.Value(Lost) - v.Value(ConfirmedLost), v.Known(Lost) }},
	MaxBacklog: {Name: "max_backlog", Kind: Maximum, Better: -1, Flags: received,
		Help: "most messages that were seen to be sent and not yet received, as looked at 100 times a second; there may have been more in between, never fewer"},

	Sending:       {Name: "sending", Group: Seconds, Kind: Gauge, Unit: InSeconds, Help: "time for which messages were sent, after the warm-up"},
	Receiving:     {Name: "receiving", Group: Seconds, Kind: Gauge, Unit: InSeconds, Help: "time to the last arrival, after the warm-up"},
	SendingFrom:   {Name: "sending_from", Group: Seconds, Kind: Gauge, Unit: InSeconds, Help: "when sending begins to count, after started_at", Flags: Later},
	ReceivingFrom: {Name: "receiving_from", Group: Seconds, Kind: Gauge, Unit: InSeconds, Help: "when receiving begins to count, after started_at", Flags: Later},

	SentPerS:          {Name: "sent_per_s", Group: Rates, Kind: Rate, Unit: PerSecond, over: Sending, Better: 1, Flags: ForSLO | Compared, Help: "messages sent a second"},
	ConfirmedPerS:     {Name: "confirmed_per_s", Group: Rates, Kind: Rate, Unit: PerSecond, over: Sending, Better: 1, Flags: ForSLO | Compared | NeedsReceipts | Optional, Help: "messages confirmed a second"},
	ReceivedPerS:      {Name: "received_per_s", Group: Rates, Kind: Rate, Unit: PerSecond, over: Receiving, Better: 1, Flags: received | Compared, Help: "messages received a second, repeats included"},
	SentBytesPerS:     {Name: "sent_bytes_per_s", Group: Rates, Kind: Rate, Unit: BytesPerSecond, over: Sending, Help: "bytes of bodies sent a second"},
	ReceivedBytesPerS: {Name: "received_bytes_per_s", Group: Rates, Kind: Rate, Unit: BytesPerSecond, over: Receiving, Help: "bytes of bodies received a second"},
	BacklogSlope: {Name: "backlog_slope_per_s", Also: "backlog.slope", Group: Rates, Kind: Gauge, Unit: PerSecond, Better: -1, Flags: ForSLO | Signed | Optional,
		Help: "messages a second by which the backlog grew while messages were sent after the warm-up, below 0 if it shrank: the median of the slopes between all pairs of looks at it"},

	LostShare: {Name: "lost_share", Group: Shares, Kind: Gauge, Unit: Ratio, Better: -1, Flags: received | Optional, Help: "lost messages, of those expected",
		from: func(v *Values) (float64, bool) { return v.share(Lost, Expected) }},
	UnsentShare: {Name: "unsent_share", Group: Shares, Kind: Gauge, Unit: Ratio, Better: -1, Flags: ForSLO | Optional, Help: "unsent messages, of those due",
		from: func(v *Values) (float64, bool) { return v.share(Unsent, Sent, Unsent) }},
	BacklogSlopeShare: {Name: "backlog_slope_share", Also: "backlog.slope_share", Group: Shares, Kind: Gauge, Unit: Ratio, Better: -1, Flags: ForSLO | Signed | Optional,
		Help: "the slope of the backlog, of the messages sent a second",
		from: func(v *Values) (float64, bool) {
			return ratio(v.Value(BacklogSlope), v.Value(SentPerS)), v.Known(BacklogSlope) && v.Value(SentPerS) > 0
		}},

	CPUCores:         {Name: "cpu_cores", Group: Process, Kind: Sum, Unit: Plain, Better: -1, Flags: Compared, Help: "processors kept busy, on average; 0 where the system does not tell"},
	CPUPerMessage:    {Name: "cpu_ns_per_message", Also: "cpu_per_message", Group: Process, Kind: Rate, Unit: Nanoseconds, over: Handled, Better: -1, Flags: Compared, Help: "CPU time for each message"},
	AllocsPerMessage: {Name: "allocations_per_message", Group: Process, Kind: Rate, Unit: Plain, over: Handled, Better: -1, Help: "allocations on the heap for each message"},
	GCCycles:         {Name: "gc_cycles", Group: Process, Unit: Plain, Help: "garbage collections"},
	GCPause:          {Name: "gc_pause_ns", Group: Process, Unit: Nanoseconds, Better: -1, Help: "time for which garbage collections stopped the process"},

	Backlog: {Name: "backlog", Group: Second, Kind: Gauge, EachSecond: "messages sent and not yet received", Help: "messages sent and not yet received at the end of the interval"},
	CPU:     {Name: "cpu_s", Group: Second, Unit: InSeconds, EachSecond: "CPU time of this process, an embedded broker included", Help: "CPU time of the process"},
	Handled: {Name: "handled", Group: Second, Help: "messages that a process handled: the larger of sent and received",
		from: func(v *Values) (float64, bool) {
			return max(v.Value(Sent), v.Value(Received)), v.Known(Sent) || v.Known(Received)
		}},
}

// share is a metric over the sum of others.
func (v *Values) share(of ID, all ...ID) (float64, bool) {
	total := 0.0
	for _, id := range all {
		total += v.Value(id)
	}
	return ratio(v.Value(of), total), v.Known(of) && v.Known(all[0])
}

// ratio is a over b, 0 if there is no b.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
