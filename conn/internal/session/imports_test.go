package session

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// banned are the imports that a state machine without clock, I/O and goroutines does not need.
var banned = []string{"net", "sync", "sync/atomic", "context", "os", "io", "bufio", "syscall", "runtime", "log", "log/slog", "crypto/rand"}

// The core has no I/O, no locks and no contexts, takes of package time only the types, and
// starts no goroutine.
func TestCoreHasNoClockAndNoIO(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range impure(file) {
			t.Errorf("%s %s", name, fault)
		}
	}
}

// What is forbidden is found.
func TestImpureCodeIsCaught(t *testing.T) {
	for _, source := range []string{
		`import "sync"`, `import "sync/atomic"`, `import "net/netip"`, `import "io"`, `import . "time"`,
		`import "time"; var x = time.Now()`, `import "time"; func f() { time.Sleep(1) }`, `import "time"; var x = time.Since`,
		`import "time"; var x = time.NewTimer`, `import clock "time"; var x = clock.After`, `import "math/rand/v2"; var x = rand.Int()`,
		`func f() { go f() }`, `var c chan int`, `func f() { select {} }`,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(impure(file)) == 0 {
			t.Errorf("%s is not caught", source)
		}
	}
}

// allowed are what may be used of packages that could do more.
var allowed = map[string][]string{
	"time":         {"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"},
	"math/rand/v2": {"Rand", "New", "NewPCG"}, // not the source that is seeded by chance
}

// impure returns what a file must not contain.
func impure(file *ast.File) (faults []string) {
	local := map[string]string{} // of the imports in allowed, by the name they have here
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if slices.ContainsFunc(banned, func(b string) bool { return imported == b || strings.HasPrefix(imported, b+"/") }) {
			faults = append(faults, "imports "+imported)
		}
		if allowed[imported] == nil {
			continue
		}
		name := map[string]string{"time": "time", "math/rand/v2": "rand"}[imported]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			faults = append(faults, "imports the names of "+imported)
		}
		local[name] = imported
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			faults = append(faults, "starts a goroutine")
		case *ast.ChanType, *ast.SelectStmt:
			faults = append(faults, "uses channels")
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && local[pkg.Name] != "" && !slices.Contains(allowed[local[pkg.Name]], n.Sel.Name) {
				faults = append(faults, "uses "+pkg.Name+"."+n.Sel.Name)
			}
		}
		return true
	})
	return faults
}
