package conn_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// aliased are the fields and methods of types that are aliases of inner ones.
var aliased = strings.Fields(`
	ServerError.Message ServerError.ReceiptID ServerError.Header ServerError.Body ServerError.Error
	OutcomeError.Rejected OutcomeError.Unknown OutcomeError.NotSent OutcomeError.First OutcomeError.Error OutcomeError.Unwrap
	Outcome.Seq Outcome.Status Outcome.Err OutcomeStatus.String
	Backoff.Initial Backoff.Increase Backoff.Jitter Backoff.Max Backoff.Pause
	AddressError.Member AddressError.Part AddressError.Problem AddressError.Error`)

// The client is to stay thin: what it exports is counted, struct fields included.
func TestAPIStaysSmall(t *testing.T) {
	const maxTypes, maxNames = 30, 200
	fset := token.NewFileSet()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	api, err := doc.NewFromFiles(fset, files, "conn")
	if err != nil {
		t.Fatal(err)
	}
	var types, names []string
	add := func(list *[]string, name string) {
		if ast.IsExported(name[strings.LastIndexByte(name, '.')+1:]) {
			*list = append(*list, name)
		}
	}
	values := func(all []*doc.Value) {
		for _, v := range all {
			for _, name := range v.Names {
				add(&names, name)
			}
		}
	}
	values(api.Consts)
	values(api.Vars)
	for _, f := range api.Funcs {
		add(&names, f.Name)
	}
	for _, typ := range api.Types {
		add(&types, typ.Name)
		add(&names, typ.Name)
		values(typ.Consts)
		values(typ.Vars)
		for _, f := range typ.Funcs {
			add(&names, f.Name)
		}
		for _, m := range typ.Methods {
			add(&names, typ.Name+"."+m.Name)
		}
		for _, spec := range typ.Decl.Specs {
			fields, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, f := range fields.Fields.List {
				for _, name := range f.Names {
					add(&names, typ.Name+"."+name.Name)
				}
			}
		}
	}
	names = append(names, aliased...)
	t.Logf("%d exported types, %d exported identifiers", len(types), len(names))
	sort.Strings(names)
	if len(types) > maxTypes || len(names) > maxNames {
		t.Errorf("at most %d types and %d identifiers are allowed:\n%s", maxTypes, maxNames, strings.Join(names, "\n"))
	}
}
