// Package page writes one or several results, or a search, as an HTML page: with plots, readable on a
// phone, in light and dark mode, in a single file that loads nothing. Its first line follows the exit
// code. The plots are those of uPlot, which is in the folder uplot with its licence.
//
// Imports: the results, report, series, histo, metric, find, verdict, workload and pacer packages of
// stompbench.
package page
