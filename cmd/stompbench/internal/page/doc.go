// Package page writes one or several results as an HTML page: with plots, readable on a phone, in
// light and dark mode, in a single file that loads nothing.
//
// Imports: the results, report, series and histo packages of stompbench.
package page
