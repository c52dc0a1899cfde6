// Package metric is the registry of what stompbench measures. Each metric is declared once, in
// table.go: its name, unit, help, how parts of a run are merged, and which way is better. The report,
// result.json and its schema, --slo, Prometheus, series.csv, compare, the page and the tables of the
// documentation are made from it.
//
// To add a metric, add its ID and its row to table.go and measure it in one place; go test -update of
// this package and of the schema package rewrites what is generated.
//
// Imports: the histo package of stompbench, for distributions.
package metric
