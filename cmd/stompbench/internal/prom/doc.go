// Package prom exports a running run to Prometheus: counters, and latencies as native histograms,
// with classic buckets for scrapers of the text format.
//
// It costs the run nothing: once a second it adds the sample of the live display to histograms of
// its own. A scrape reads those.
//
// Imports: client_golang, for the registry, the exposition formats and their negotiation, and
// client_model, its form of a metric; and the histo, load and metric packages of stompbench.
package prom
