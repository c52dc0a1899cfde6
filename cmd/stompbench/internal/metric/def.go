// Package metric is the registry of what stompbench measures. Each metric is declared once, in
// table.go. The report, result.json and its schema, --slo, Prometheus, series.csv, compare, the page and
// the tables of the documentation are made from it.
//
// To add a metric, add its ID and its row to table.go and measure it in one place; go test -update of
// this package and of the schema package rewrites what is generated.
//
// Imports: the histo package of stompbench, for distributions.
package metric

import "strings"

// Def is the definition of a metric.
type Def struct {
	ID     ID
	Name   string // in JSON, --slo, series.csv and compare
	Also   string // another name that --slo takes, "" for none
	Group  Group
	Kind   Kind
	Unit   Unit
	Better int    // +1 if more is better, -1 if less is, 0 if neither
	Help   string // a noun phrase
	// EachSecond is the help of the metric in the series and for Prometheus, "" if it is in neither.
	EachSecond string
	Flags      Flags

	over ID                                 // of a Rate: the weight
	from func(*Values) (x float64, ok bool) // computes it from others
}

// Group is the object of result.json that holds the metric.
type Group uint8

// The groups. Second has the metrics that only the intervals of the series have.
const (
	Totals Group = iota
	Seconds
	Rates
	Shares
	Process
	Second
)

// Groups are the groups in result.json, in their order.
var Groups = []Group{Totals, Seconds, Rates, Shares, Process}

func (g Group) String() string {
	return [...]string{"totals", "seconds", "rates", "shares", "process", "second"}[g]
}

// Kind says how the metric behaves, and how the values of several parts of a run, or of several runs,
// become one.
type Kind uint8

// The kinds of metrics. Latencies are distributions: see [Latency].
const (
	Counter Kind = iota // only grows; parts are added up
	Sum                 // goes up and down; parts are added up
	Gauge               // goes up and down; parts are not merged
	Maximum             // whole, the largest that was seen
	Rate                // the average, weighted with another metric, which is merged before
)

// Unit is the unit of the values.
type Unit uint8

// The units.
const (
	Messages Unit = iota
	PerSecond
	BytesPerSecond
	Ratio
	InSeconds
	Nanoseconds
	Plain
)

func (u Unit) String() string {
	return [...]string{"messages", "messages/s", "bytes/s", "share", "s", "ns", ""}[u]
}

// Flags are what else there is to say of a metric.
type Flags uint8

// The flags.
const (
	ForSLO         Flags = 1 << iota // a condition of --slo may name it
	Compared                         // compare lists it
	Fault                            // it should be 0
	Signed                           // it may be below 0
	Optional                         // absent from JSON if it was not measured; others are 0 then
	Later                            // added to version 1 of result.json later: files may lack it
	NeedsReceipts                    // not measured unless there were receipts
	NeedsConsumers                   // not measured unless there were consumers
)

// Has reports whether all of the flags are set.
func (d *Def) Has(f Flags) bool { return d.Flags&f == f }

// Whole reports whether the values are whole numbers.
func (d *Def) Whole() bool { return (d.Kind == Counter || d.Kind == Maximum) && d.Unit != InSeconds }

// Label is the name for display.
func (d *Def) Label() string {
	return strings.NewReplacer("_per_s", " a second", "_", " ").Replace(d.Name)
}

// Of returns the definition of a metric.
func Of(id ID) *Def { return &defs[id] }

// Find returns the metric with that name in JSON or --slo, nil if there is none.
func Find(name string) *Def {
	for i := range defs {
		if d := &defs[i]; d.Name == name || name != "" && d.Also == name {
			return d
		}
	}
	return nil
}

// In returns the definitions of a group.
func In(g Group) []*Def { return having(func(d *Def) bool { return d.Group == g }) }

// With returns the definitions that have all of the flags, in their order; all for 0.
func With(f Flags) []*Def { return having(func(d *Def) bool { return d.Has(f) }) }

// EachSecond returns the definitions of the metrics that are in the series.
func EachSecond() []*Def { return having(func(d *Def) bool { return d.EachSecond != "" }) }

func having(wanted func(*Def) bool) (all []*Def) {
	for i := range defs {
		if wanted(&defs[i]) {
			all = append(all, &defs[i])
		}
	}
	return all
}

func init() {
	for i := range defs {
		defs[i].ID = ID(i)
	}
}
