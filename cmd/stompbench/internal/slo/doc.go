// Package slo parses and judges conditions on the result of a run.
//
// # Grammar
//
//	slo        = condition { "," condition }
//	condition  = metric operator value
//	operator   = "<" | "<=" | ">" | ">=" | "=" | "=="
//	metric     = latency "." statistic | number
//	latency    = "from_due" | "from_send" | "confirm" | "send_delay"
//	statistic  = "p" percentile | "max" | "mean"        percentile: 50, 99.9, 99.99 …
//	number     = one of metric.Names, such as "lost" or "sent_per_s"
//	value      = duration (of a latency) | decimal [ "k" | "K" | "M" | "G" ] [ "%" ] [ "/s" ]
//	             a slope may be below 0
//
// Blanks are allowed around everything. A duration needs its unit: 20ms, 1.5s, 300us or 300µs. A
// percent sign is for shares, /s for rates, and both may be left out: 0.01 is 1%, 10k is 10k/s.
//
// # Meaning
//
// All conditions must hold. A condition on a latency without a single sample is not met. A
// percentile with fewer than ten samples above it is judged, and marked as shaky, since the next
// run may have another value. A statistic among lower bounds may be any longer: it meets no < or <=.
//
// backlog.slope is by how many messages per second the backlog, the messages that were sent and not
// yet received, grew over the measured part of a run: above 0, the rate is more than the consumers
// can take. It is the median of the slopes between all pairs of up to 256 samples of the backlog
// (Theil-Sen), so that a short stall or burst does not count. Noise is never quite 0: leave room
// for it, best as a share of the rate, such as backlog.slope_share<=2%, which is the same at any
// rate. If a full receipt window holds producers up, the backlog cannot grow beyond the window.
// Then messages leave later and later instead, which from_due and unsent show.
//
// Imports: the histo and metric packages of stompbench.
package slo
