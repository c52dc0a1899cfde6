package metric

// Counts counts messages by metric. It is the cheapest place to count in: n[Lost]++.
type Counts [counters]uint64

// Add adds other counts.
func (c *Counts) Add(o *Counts) {
	for i := range c {
		c[i] += o[i]
	}
}

// Values are the values of metrics. Metrics that were not measured are unknown, and 0. The zero
// value knows none. Values may be copied.
type Values struct {
	known uint64 // a bit for each ID
	x     [count]float64
}

// Set sets a metric.
func (v *Values) Set(id ID, x float64) {
	v.x[id] = x
	v.known |= 1 << id
}

// SetCount sets a counter.
func (v *Values) SetCount(id ID, n uint64) { v.Set(id, float64(n)) }

// SetCounts sets the counters.
func (v *Values) SetCounts(c *Counts) {
	for id, n := range c {
		v.SetCount(ID(id), n)
	}
}

// Unset makes a metric unknown.
func (v *Values) Unset(id ID) {
	v.x[id] = 0
	v.known &^= 1 << id
}

// Known reports whether a metric was measured.
func (v *Values) Known(id ID) bool { return v.known>>id&1 == 1 }

// Get returns a metric; ok is false if it was not measured.
func (v *Values) Get(id ID) (x float64, ok bool) { return v.x[id], v.Known(id) }

// Value returns a metric, 0 if it was not measured.
func (v *Values) Value(id ID) float64 { return v.x[id] }

// Count returns a counter, 0 if it was not measured.
func (v *Values) Count(id ID) uint64 { return uint64(max(0, v.x[id])) }

// Sum returns the sum of counters.
func (v *Values) Sum(ids ...ID) (n uint64) {
	for _, id := range ids {
		n += v.Count(id)
	}
	return n
}

// Derive computes the metrics that follow from others. What cannot be computed stays as it is.
func (v *Values) Derive() {
	for i := range defs {
		if from := defs[i].from; from != nil {
			if x, ok := from(v); ok {
				v.Set(ID(i), x)
			}
		}
	}
}

// Restrict makes unknown what cannot have been measured: without consumers, and without any outcome
// of a receipt.
func (v *Values) Restrict(consumers bool) {
	receipts := v.Sum(Confirmed, Rejected, Unknown) > 0
	for i := range defs {
		if d := &defs[i]; d.Has(NeedsConsumers) && !consumers || d.Has(NeedsReceipts) && !receipts {
			v.Unset(ID(i))
		}
	}
}

// Add adds the values of another interval or machine to v. It merges what adds up, keeps the larger
// one of maxima, and leaves the rest.
func (v *Values) Add(o *Values) {
	for i := range defs {
		id, d := ID(i), &defs[i]
		switch {
		case !o.Known(id) || d.from != nil:
		case d.Kind == Counter || d.Kind == Sum:
			v.Set(id, v.x[id]+o.x[id])
		case d.Kind == Maximum:
			v.Set(id, max(v.x[id], o.x[id]))
		}
	}
}

// Merge adds the values of parts to v, which has the merged seconds already: rates are weighted with
// those of the parts, or with their messages.
func (v *Values) Merge(parts ...*Values) {
	for _, p := range parts {
		v.Add(p)
	}
	v.Derive()
	for i := range defs {
		id, d := ID(i), &defs[i]
		for _, p := range parts {
			if x, ok := p.Get(id); ok && d.Kind == Rate {
				v.Set(id, v.x[id]+ratio(x*p.Value(d.over), v.Value(d.over)))
			}
		}
	}
	v.Derive()
}
