package compare

import (
	"encoding/json"
	"math"
)

// jsonRow is a row in JSON: null for unknown values, latencies in nanoseconds.
type jsonRow struct {
	Name       string   `json:"name"`
	A          *float64 `json:"a"`
	B          *float64 `json:"b"`
	AtLeastA   bool     `json:"a_at_least,omitempty"` // a is a lower bound
	AtLeastB   bool     `json:"b_at_least,omitempty"`
	Difference *float64 `json:"difference"`
	Share      *float64 `json:"share"` // the difference over A
	Low        *float64 `json:"share_low"`
	High       *float64 `json:"share_high"`
	Chance     *float64 `json:"p_value"` // the probability of such a difference between equals
	Verdict    Verdict  `json:"verdict"`
}

// MarshalJSON writes the row as an object.
func (r Row) MarshalJSON() ([]byte, error) {
	return json.Marshal(jsonRow{
		r.Name, known(r.A), known(r.B), r.AtLeastA, r.AtLeastB, known(r.B - r.A), known((r.B - r.A) / r.A),
		known(r.Low), known(r.High), known(r.Chance), r.Verdict(),
	})
}

// jsonSpread is a spread in JSON, with null for unknown values.
type jsonSpread struct {
	Name    string     `json:"name"`
	Median  *float64   `json:"median"`
	Lowest  *float64   `json:"lowest"`
	Highest *float64   `json:"highest"`
	Low     *float64   `json:"low"`
	High    *float64   `json:"high"`
	Values  []*float64 `json:"values"`
}

// MarshalJSON writes the spread as an object.
func (r Spread) MarshalJSON() ([]byte, error) {
	out := jsonSpread{r.Name, known(r.Median), known(r.Lowest), known(r.Highest), known(r.Low), known(r.High), []*float64{}}
	for _, x := range r.Values {
		out.Values = append(out.Values, known(x))
	}
	return json.Marshal(out)
}

// known returns nil for NaN, which JSON cannot represent.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
