package metric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
)

// maxWhole is the largest count: above it, a float64 does not hold every whole number.
const maxWhole = 1 << 53

// maxSeconds is the largest time: thirty years.
const maxSeconds = 1e9

// check returns why a value of the metric that was read from a file cannot be.
func (d *Def) check(x float64) error {
	want := ""
	switch {
	case math.Abs(x) > maxWhole:
		want = "below 2^53"
	case d.Unit == InSeconds && x > maxSeconds:
		want = "at most 10^9"
	case x < 0 && !d.Has(Signed):
		want = "0 or more"
	case d.Whole() && x != math.Trunc(x):
		want = "a whole number"
	default:
		return nil
	}
	return fmt.Errorf("%s.%s is %v: it must be %s", d.Group, d.Name, x, want)
}

// Metrics are written to JSON as structs, so that reading takes no memory for other names.
var (
	eachSecondType = objectOf(EachSecond())
	groupsType     = func() reflect.Type {
		var fields []reflect.StructField
		for _, g := range Groups {
			fields = append(fields, field(g.String(), objectOf(In(g))))
		}
		return reflect.StructOf(fields)
	}()
)

// objectOf is a struct with a field for each metric, nil if it is not in the object.
func objectOf(defs []*Def) reflect.Type {
	var fields []reflect.StructField
	for _, d := range defs {
		fields = append(fields, field(d.Name, reflect.TypeFor[*float64]()))
	}
	return reflect.StructOf(fields)
}

func field(name string, typ reflect.Type) reflect.StructField {
	return reflect.StructField{Name: "F_" + name, Type: typ, Tag: reflect.StructTag(`json:"` + name + `,omitempty"`)}
}

// fill sets the fields of an object. What was not measured is 0, or absent if that is optional.
func (v *Values) fill(object reflect.Value, defs []*Def) {
	for i, d := range defs {
		if x, ok := v.Get(d.ID); ok || !d.Has(Optional) {
			object.Field(i).Set(reflect.ValueOf(&x))
		}
	}
}

// take sets the metrics that an object has.
func (v *Values) take(object reflect.Value, defs []*Def) error {
	for i, d := range defs {
		x, _ := object.Field(i).Interface().(*float64)
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

// JSON returns an object with an object for each group.
func (v *Values) JSON() (json.RawMessage, error) {
	object := reflect.New(groupsType).Elem()
	for i, g := range Groups {
		v.fill(object.Field(i), In(g))
	}
	return json.Marshal(object.Interface())
}

// ParseJSON reads the groups of an object, which may have other fields. What is absent is
// unknown, and so is null.
func (v *Values) ParseJSON(text []byte) error {
	object := reflect.New(groupsType)
	if err := json.Unmarshal(text, object.Interface()); err != nil {
		return err
	}
	*v = Values{}
	for i, g := range Groups {
		if err := v.take(object.Elem().Field(i), In(g)); err != nil {
			return err
		}
	}
	v.Derive()
	return nil
}

// EachSecondJSON returns an object with the metrics that the series has.
func (v *Values) EachSecondJSON() (json.RawMessage, error) {
	object := reflect.New(eachSecondType).Elem()
	v.fill(object, EachSecond())
	return json.Marshal(object.Interface())
}

// ParseEachSecondJSON reads the metrics of the series from an object, which may have other fields.
func (v *Values) ParseEachSecondJSON(text []byte) error {
	object := reflect.New(eachSecondType)
	if err := json.Unmarshal(text, object.Interface()); err != nil {
		return err
	}
	*v = Values{}
	return v.take(object.Elem(), EachSecond())
}

// Join writes values that are objects in JSON as one object with the fields of all. It leaves out nil.
func Join(objects ...any) ([]byte, error) {
	out := []byte("{")
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		if text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("{")), []byte("}")); len(text) == 0 || string(text) == "null" {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, text...)
	}
	return append(out, '}'), nil
}
