// Package page writes one or several results as a page for a browser: with plots,
// readable on a phone, in light and dark, whole in one file that loads nothing.
//
// Imports: the results, report, series and histo packages of stompbench.
package page
