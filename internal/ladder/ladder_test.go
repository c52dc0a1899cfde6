package ladder_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stompwire/stompwire/"

// rung is where a package stands. It may import packages of this module that
// stand on lower rungs, never sideways, never up, and beyond the standard library
// only what is named here.
type rung struct {
	level int
	third []string
}

// ladder lists every package of the module, programs and their inner packages
// apart (see programs). Adding one, or a dependency, means adding it here and in
// ARCHITECTURE.md.
var ladder = map[string]rung{
	"frame":       {level: 0},
	"parser":      {level: 1, third: []string{"golang.org/x/sys/cpu"}},
	"writer":      {level: 1},
	"pool":        {level: 1, third: []string{"github.com/valyala/bytebufferpool"}},
	"engine/link": {level: 2},
	"engine":      {level: 3, third: []string{"github.com/panjf2000/gnet/v2"}},
	"engine/pump": {level: 3},
	"conn":        {level: 4},
	"conn/ws":     {level: 5, third: []string{"github.com/coder/websocket"}},
	"broker":      {level: 4},
	"bench":       {level: 5},
	"fuzz":        {level: 5},
	"interop":     {level: 5},

	"conn/listen":  {level: 5},
	"conn/coding":  {level: 5, third: []string{"github.com/klauspost/compress"}},
	"conn/charset": {level: 5, third: []string{"golang.org/x/text/encoding"}},

	"conn/dialect":          {level: 2},
	"conn/internal/dial":    {level: 3},
	"conn/internal/session": {level: 3},

	"internal/peer":   {level: 0},                                                // for broker and broker/ws
	"internal/wsconn": {level: 1, third: []string{"github.com/coder/websocket"}}, // for the two ws packages
	"broker/ws":       {level: 5, third: []string{"github.com/coder/websocket"}},

	"internal/ladder":    {level: 0},
	"internal/alloctest": {level: 0},                                        // for tests only
	"internal/testca":    {level: 0},                                        // for tests only
	"internal/leaktest":  {level: 2, third: []string{"go.uber.org/goleak"}}, // for tests only
}

// programs stand on top: they and what lies below them import what they like from lower rungs, and
// no other package imports them.
var programs = []string{"cmd/", "bench/", "fuzz/"}

// codecs may not do I/O, so that a program that imports a parser gets nothing else.
var codecs = map[string][]string{
	"frame":  {"net", "os", "sync", "unsafe"},
	"parser": {"net", "os", "sync", "time"},
	"writer": {"net", "os", "sync", "time"},
}

func TestImportsPointDown(t *testing.T) {
	imports := importsOf(t, "../..")
	for pkg := range imports {
		for _, fault := range faultsOf(pkg, imports[pkg]) {
			t.Error(fault)
		}
	}
	for pkg := range ladder {
		if _, ok := imports[pkg]; !ok && !isProgram(pkg+"/") {
			t.Errorf("package %s is on the ladder and not in the tree", pkg)
		}
	}
}

func TestForbiddenImportsAreCaught(t *testing.T) {
	cases := []struct{ pkg, imports string }{
		{"parser", module + "conn"},                         // up
		{"parser", module + "writer"},                       // sideways
		{"engine", module + "engine/pump"},                  // sideways
		{"conn", module + "broker"},                         // sideways
		{"conn", module + "cmd/stompbench"},                 // a program
		{"conn", "github.com/panjf2000/gnet/v2"},            // gnet outside engine
		{"conn", "github.com/coder/websocket"},              // WebSocket outside conn/ws
		{"conn", module + "conn/ws"},                        // up
		{"broker", "github.com/coder/websocket"},            // WebSocket outside broker/ws
		{"broker", module + "broker/ws"},                    // up: opt-in
		{"broker", "github.com/valyala/bytebufferpool"},     // bytebufferpool outside pool
		{"conn", "github.com/klauspost/compress/zstd"},      // a library outside its helper
		{"conn", module + "conn/coding"},                    // up: helpers are opt-in
		{"writer", "net"},                                   // I/O in a codec
		{"parser", "time"},                                  // a clock in a codec
		{"somewhere/else", module + "frame"},                // no place on the ladder
		{"frame", "github.com/google/uuid"},                 // a dependency that is not on the list
		{"engine/link", "github.com/panjf2000/gnet/v2/pkg"}, // gnet below engine
	}
	for _, c := range cases {
		if len(faultsOf(c.pkg, []string{c.imports})) == 0 {
			t.Errorf("%s may import %s", c.pkg, c.imports)
		}
	}
	if faults := faultsOf("conn", []string{"net", module + "engine", module + "frame"}); len(faults) != 0 {
		t.Errorf("what is allowed is not: %q", faults)
	}
}

// faultsOf returns what is wrong with the imports of a package.
func faultsOf(pkg string, imports []string) (faults []string) {
	if isProgram(pkg) {
		return nil
	}
	from, ok := ladder[pkg]
	if !ok {
		return []string{"package " + pkg + " has no place on the ladder"}
	}
	for _, imported := range imports {
		if why := forbidden(pkg, from, imported); why != "" {
			faults = append(faults, fmt.Sprintf("%s (level %d) imports %s: %s", pkg, from.level, imported, why))
		}
	}
	return faults
}

// forbidden says why a package may not import another, "" if it may.
func forbidden(pkg string, from rung, imported string) string {
	local, isLocal := strings.CutPrefix(imported, module)
	switch {
	case isLocal && isProgram(local+"/"):
		return "nobody imports a program"
	case isLocal:
		if to, ok := ladder[local]; !ok || to.level >= from.level {
			return "imports point down only"
		}
	case strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
		if !slices.ContainsFunc(from.third, func(allowed string) bool { return within(imported, allowed) }) {
			return "that is not its dependency"
		}
	case slices.ContainsFunc(codecs[pkg], func(banned string) bool { return within(imported, banned) }):
		return "a codec does no I/O and keeps no time"
	}
	return ""
}

// within reports whether pkg is tree or lies below it.
func within(pkg, tree string) bool { return pkg == tree || strings.HasPrefix(pkg, tree+"/") }

func isProgram(pkg string) bool {
	return slices.ContainsFunc(programs, func(prefix string) bool { return strings.HasPrefix(pkg, prefix) })
}

// importsOf returns the imports of the non-test files of each package below root,
// whatever their build tags. Nested modules are not ours to judge.
func importsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base == "testdata" || strings.HasPrefix(base, ".") && base != ".." && name != root {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != root {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		pkg := path.Clean(filepath.ToSlash(rel))
		if imports[pkg] == nil {
			imports[pkg] = []string{} // in the tree, even if it imports nothing
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[pkg] = append(imports[pkg], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}
