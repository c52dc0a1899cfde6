package schema_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/histo"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
	"github.com/stompwire/stompwire/cmd/stompbench/schema"
)

// node is a part of the schema.
type node struct {
	Ref         string `json:"$ref"`
	Description string
	Required    []string
	Properties  map[string]*node
	Items       *node
	Defs        map[string]*node `json:"$defs"`
}

// Every field that is written is described, and what is always there is required.
// That real results satisfy the schema is tested in the module check.
func TestEveryFieldIsDescribed(t *testing.T) {
	var root node
	if err := json.Unmarshal(schema.ResultV1, &root); err != nil {
		t.Fatal(err)
	}
	w := walker{t, root.Defs}
	w.compare("result", reflect.TypeFor[results.Result](), &root)
}

// texts are written as one text each.
var texts = []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[histo.Packed](), reflect.TypeFor[[]byte](), reflect.TypeFor[slo.Condition]()}

type walker struct {
	t    *testing.T
	defs map[string]*node
}

func (w *walker) compare(path string, typ reflect.Type, n *node) {
	if name, ok := strings.CutPrefix(n.Ref, "#/$defs/"); ok {
		n = w.defs[name]
	}
	if slices.Contains(texts, typ) {
		return
	}
	switch typ.Kind() {
	case reflect.Pointer:
		w.compare(path, typ.Elem(), n)
	case reflect.Slice:
		if n.Items == nil {
			w.t.Errorf("%s has no items", path)
			return
		}
		w.compare(path+"[]", typ.Elem(), n.Items)
	case reflect.Map:
		for kind, value := range n.Properties {
			w.compare(path+"."+kind, typ.Elem(), value)
		}
	case reflect.Struct:
		w.fields(path, typ, n)
	}
}

func (w *walker) fields(path string, typ reflect.Type, n *node) {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	required := map[string]bool{}
	for _, name := range n.Required {
		required[name] = true
		if n.Properties[name] == nil {
			w.t.Errorf("%s.%s is required and not described", path, name)
		}
	}
	for i := range typ.NumField() {
		field := typ.Field(i)
		if field.Anonymous {
			w.fields(path, field.Type, n)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		property := n.Properties[name]
		switch {
		case !field.IsExported():
		case name == "":
			w.t.Errorf("%s.%s has no name in JSON", path, field.Name)
		case property == nil:
			w.t.Errorf("%s.%s is not described: add it to result-v1.schema.json and docs/results.md", path, name)
		case property.Description == "" && property.Ref == "":
			w.t.Errorf("%s.%s has no description", path, name)
		case required[name] && strings.Contains(field.Tag.Get("json"), "omitempty"):
			w.t.Errorf("%s.%s is required and may be left out", path, name)
		default:
			w.compare(path+"."+name, field.Type, property)
		}
	}
}
