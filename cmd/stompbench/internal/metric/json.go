package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
)

// ValueError is a value that cannot be.
type ValueError struct {
	Name  string // such as totals.lost
	Value float64
	Want  string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s is %v: it must be %s", e.Name, e.Value, e.Want)
}

// maxWhole is the largest count: above it, a float64 does not hold every whole number.
const maxWhole = 1 << 53

// maxSeconds is the largest time: thirty years.
const maxSeconds = 1e9

// check returns why a value of the metric that was read from a file cannot be.
func (d *Def) check(x float64) error {
	switch {
	case math.Abs(x) > maxWhole:
		return &ValueError{d.Group.String() + "." + d.Name, x, "below 2^53"}
	case d.Unit == InSeconds && x > maxSeconds:
		return &ValueError{d.Group.String() + "." + d.Name, x, "at most 10^9"}
	case x < 0 && !d.Has(Signed):
		return &ValueError{d.Group.String() + "." + d.Name, x, "0 or more"}
	case d.Whole() && x != math.Trunc(x):
		return &ValueError{d.Group.String() + "." + d.Name, x, "a whole number"}
	}
	return nil
}

// form is how metrics are written to JSON: a struct with a field for each.
type form struct {
	defs []*Def
	typ  reflect.Type
}

func newForm(defs []*Def) form {
	var fields []reflect.StructField
	for _, d := range defs {
		fields = append(fields, reflect.StructField{
			Name: "F_" + d.Name, Type: reflect.TypeFor[*float64](), Tag: reflect.StructTag(`json:"` + d.Name + `,omitempty"`),
		})
	}
	return form{defs, reflect.StructOf(fields)}
}

// marshal writes the metrics as an object. Those that were not measured are 0, or absent if that is
// optional.
func (f *form) marshal(v *Values, optional func(*Def) bool) ([]byte, error) {
	object := reflect.New(f.typ).Elem()
	for i, d := range f.defs {
		if x, ok := v.Get(d.ID); ok || !optional(d) {
			object.Field(i).Set(reflect.ValueOf(&x))
		}
	}
	return json.Marshal(object.Interface())
}

// unmarshal sets the metrics that an object has. Other names are ignored.
func (f *form) unmarshal(v *Values, text []byte) error {
	object := reflect.New(f.typ)
	if err := json.Unmarshal(text, object.Interface()); err != nil {
		return err
	}
	for i, d := range f.defs {
		x, _ := object.Elem().Field(i).Interface().(*float64)
		if x == nil {
			continue
		}
		if err := d.check(*x); err != nil {
			return err
		}
		v.Set(d.ID, *x)
	}
	return nil
}

var (
	groupForms = func() (all [numGroups]form) {
		for _, g := range Groups {
			all[g] = newForm(In(g))
		}
		return all
	}()
	secondForm = newForm(EachSecond())
)

// JSON returns an object with an object for each group.
func (v *Values) JSON() (json.RawMessage, error) {
	object := make([]byte, 0, 1024)
	for _, g := range Groups {
		text, err := groupForms[g].marshal(v, func(d *Def) bool { return d.Has(Optional) })
		if err != nil {
			return nil, err
		}
		object = fmt.Appendf(object, ",%q:%s", g, text)
	}
	object[0] = '{'
	return append(object, '}'), nil
}

// ParseJSON reads the groups of an object, which may have other fields. What is absent is
// unknown, and so is null. The error is a [*ValueError] if a value cannot be.
func (v *Values) ParseJSON(text []byte) error {
	var groups struct{ Totals, Seconds, Rates, Shares, Process json.RawMessage }
	if err := json.Unmarshal(text, &groups); err != nil {
		return err
	}
	*v = Values{}
	for g, group := range []json.RawMessage{groups.Totals, groups.Seconds, groups.Rates, groups.Shares, groups.Process} {
		if len(group) == 0 {
			continue
		}
		if err := groupForms[g].unmarshal(v, group); err != nil {
			return err
		}
	}
	v.Derive()
	return nil
}

// EachSecondJSON returns an object with the metrics that the series has.
func (v *Values) EachSecondJSON() (json.RawMessage, error) {
	return secondForm.marshal(v, func(*Def) bool { return false })
}

// ParseEachSecondJSON reads the metrics of the series from an object, which may have other fields.
func (v *Values) ParseEachSecondJSON(text []byte) error {
	*v = Values{}
	return secondForm.unmarshal(v, text)
}

// Join writes several values that are objects in JSON as one object with the fields of all.
func Join(objects ...any) ([]byte, error) {
	var all []byte
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		switch {
		case all == nil:
			all = text
		case len(text) > len("{}"):
			all = append(append(all[:len(all)-1], ','), text[1:]...)
		}
	}
	return all, nil
}
