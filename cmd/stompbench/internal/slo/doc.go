// Package slo reads and judges what a run is to achieve.
//
// # Grammar
//
//	slo        = condition { "," condition }
//	condition  = metric operator value
//	operator   = "<" | "<=" | ">" | ">=" | "=" | "=="
//	metric     = latency "." statistic | number
//	latency    = "from_due" | "from_send" | "confirm" | "send_delay"
//	statistic  = "p" percentile | "max" | "mean"        percentile: 50, 99.9, 99.99 …
//	number     = one of Numbers, such as "lost" or "sent_per_s"
//	value      = duration (of a latency) | decimal [ "k" | "K" | "M" | "G" ] [ "%" ] [ "/s" ]
//
// Blanks are allowed around everything. A duration needs its unit: 20ms, 1.5s,
// 300us or 300µs. A percent sign is for shares, /s for rates, and both may be left
// out: 0.01 is 1%, 10k is 10k/s.
//
// # Meaning
//
// All conditions must hold. A latency of which there is not one sample meets
// nothing: what was not measured was not achieved. A percentile beyond which fewer
// than ten samples lie is judged as it stands, and marked as shaky, since the next
// run may well show another.
//
// Imports: the histo, ledger and load packages of stompbench.
package slo
