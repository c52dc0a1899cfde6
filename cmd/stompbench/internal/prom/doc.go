// Package prom shows a run to Prometheus while it goes on: counters, and latencies
// as native histograms, with classic buckets for who scrapes text.
//
// It costs the run nothing: once a second it takes what the live display is shown
// too, and adds it to histograms of its own. A scrape reads those.
//
// Imports: client_golang, for the registry, the exposition formats and their
// negotiation, and client_model, its form of a metric; and the histo and load
// packages of stompbench.
package prom
