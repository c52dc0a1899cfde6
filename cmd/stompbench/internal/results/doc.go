// Package results writes the results of a run to a folder:
//
//	result.json   everything; the other files can be made from it again
//	series.csv    the counts of each second
//	KIND.hlog     latencies of each second, a log for HdrHistogram's tools;
//	              those of the warm-up with a tag
//	KIND.hgrm     latencies of the whole run by percentile, likewise
//
// KIND is from_due, from_send, confirm or send_delay.
//
// Imports: the report, series, ledger, load, machine, verdict, slo and histo packages of
// stompbench.
package results
