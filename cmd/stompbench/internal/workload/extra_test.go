package workload_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/frame"
	"github.com/stompwire/stompwire/writer"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// withExtra returns a complete plan with extra headers.
func withExtra(t *testing.T, e workload.Extra) *workload.Plan {
	t.Helper()
	return complete(t, func(p *workload.Plan) { p.Extra, p.Seed = e, 7 })
}

func fixed(n int) workload.Mix { return workload.Fixed(n) }

// In a round of the lists numbers, sizes and escapes have their shares, and the same
// seed makes the same.
func TestHeaderSets(t *testing.T) {
	for name, c := range map[string]struct {
		extra   workload.Extra
		sets    int     // 0: many
		count   float64 // on average
		size    float64
		escapes float64
	}{
		"fixed":           {workload.Extra{Count: fixed(16), Size: fixed(32), Fixed: true}, 1, 16, 32, 0},
		"fixed, escaped":  {workload.Extra{Count: fixed(16), Size: fixed(32), Fixed: true, Escapes: 0.25}, 1, 16, 32, 0.25},
		"at least one":    {workload.Extra{Count: fixed(4), Size: fixed(1), Fixed: true, Escapes: 0.01}, 1, 4, 1, 0.25},
		"random":          {workload.Extra{Count: fixed(16), Size: fixed(32)}, 0, 16, 32, 0},
		"random, escaped": {workload.Extra{Count: fixed(10), Size: fixed(9), Escapes: 0.3}, 0, 10, 9, 0.3},
		"default size":    {workload.Extra{Count: fixed(3)}, 0, 3, 16, 0},
		"ranges":          {workload.Extra{Count: workload.Mix{{Min: 0, Max: 64, Weight: 1}}, Size: workload.Mix{{Min: 1, Max: 99, Weight: 1}}}, 0, 32, 50, 0},
		"fixed in ranges": {workload.Extra{Count: workload.Mix{{Min: 0, Max: 64, Weight: 1}}, Size: fixed(8), Fixed: true}, 0, 32, 8, 0},
		"shares":          {workload.Extra{Count: workload.Mix{{Min: 4, Max: 4, Weight: 80}, {Min: 64, Max: 64, Weight: 20}}, Size: fixed(0)}, 0, 16, 0, 0},
		"large":           {workload.Extra{Count: fixed(16), Size: fixed(64 << 10)}, 0, 16, 64 << 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := withExtra(t, c.extra)
			sets := p.NewHeaderSets()
			if c.sets > 0 && len(sets) != c.sets || c.sets == 0 && len(sets) < 2 {
				t.Fatalf("%d lists", len(sets))
			}
			if !reflect.DeepEqual(sets, p.NewHeaderSets()) {
				t.Error("the same seed makes others")
			}
			var headers, bytes, escaped float64
			for _, set := range sets {
				for i, f := range set {
					if f.Name != workload.ExtraName(i) {
						t.Fatalf("header %d is %s", i, f.Name)
					}
					headers++
					bytes += float64(len(f.Value))
					if strings.ContainsAny(f.Value, ":\\\n") {
						escaped++
					} else if strings.ContainsAny(f.Value, "\r\x00 ") {
						t.Errorf("%q", f.Value)
					}
				}
			}
			near(t, "count", headers/float64(len(sets)), c.count)
			near(t, "size", bytes/headers, c.size)
			near(t, "escapes", escaped/headers, c.escapes)
			if n := p.HeadersMemory(); float64(n) < bytes || n > 40<<20 {
				t.Errorf("%d B for %v B of values", n, bytes)
			}
		})
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.02*want+0.001 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Random values differ from message to message and from header to header; fixed ones
// from header to header only.
func TestHeaderValues(t *testing.T) {
	seen := map[string]bool{}
	for _, set := range withExtra(t, workload.Extra{Count: fixed(8), Size: fixed(16)}).NewHeaderSets() {
		for _, f := range set {
			if seen[f.Value] {
				t.Fatalf("%s comes twice", f.Value)
			}
			seen[f.Value] = true
		}
	}
	byName := map[string]map[string]bool{}
	lists := withExtra(t, workload.Extra{Count: workload.Mix{{Min: 1, Max: 8, Weight: 1}}, Size: fixed(16), Fixed: true}).NewHeaderSets()
	for _, set := range lists {
		for _, f := range set {
			if byName[f.Name] == nil {
				byName[f.Name] = map[string]bool{}
			}
			byName[f.Name][f.Value] = true
		}
	}
	for name, values := range byName {
		if len(values) != 1 {
			t.Errorf("%s has %d values", name, len(values))
		}
	}
	if len(byName) != 8 {
		t.Errorf("%d headers", len(byName))
	}
}

// Whatever the flags say, a frame with the headers is within the limits of its plan, on
// 1.1 and 1.2.
func TestFrameLimitsHoldTheHeaders(t *testing.T) {
	for _, e := range []workload.Extra{
		{Count: fixed(workload.MaxHeaders), Size: fixed(1048), Escapes: 1},
		{Count: fixed(16), Size: fixed(workload.MaxHeaderSize), Escapes: 1},
		{Count: fixed(workload.MaxHeaders), Size: fixed(0)},
		{},
	} {
		p := withExtra(t, e)
		l := workload.ExtraLimits(p.Extra.Count.Max(), p.Extra.Size.Max())
		for _, set := range append(p.NewHeaderSets(), nil)[:1] {
			for _, v := range []frame.Version{frame.Version11, frame.Version12} {
				head, err := writer.AppendFrameNoLength(nil, v, frame.CmdSend, set, nil)
				if err != nil {
					t.Fatal(err)
				}
				longest := 0
				for line := range strings.SplitSeq(string(head), "\n") {
					longest = max(longest, len(line))
				}
				if len(head) > l.HeaderBlock || len(set) > l.Headers || longest > l.HeaderLine {
					t.Errorf("%d headers, %d B, the longest %d B: beyond %+v", len(set), len(head), longest, l)
				}
			}
		}
	}
}

func TestExtraContradictions(t *testing.T) {
	for says, edit := range map[string]func(*workload.Plan){
		"--header-size is for":         func(p *workload.Plan) { p.Extra.Size = fixed(5) },
		"--header-escape is for":       func(p *workload.Plan) { p.Extra.Escapes = 0.1 },
		"--header-values fixed is for": func(p *workload.Plan) { p.Extra.Fixed = true },
		"are more than 1 MiB":          func(p *workload.Plan) { p.Extra = workload.Extra{Count: fixed(17), Size: fixed(64 << 10)} },
		"--header-escape needs someth": func(p *workload.Plan) { p.Extra = workload.Extra{Count: fixed(1), Size: fixed(0), Escapes: 0.5} },
		"--header-escape needs STOMP": func(p *workload.Plan) {
			p.Extra, p.Versions = workload.Extra{Count: fixed(1), Escapes: 0.5}, frame.VersionsOf(frame.Version10)
		},
		"--header hdr001 has a name": func(p *workload.Plan) {
			p.Extra, p.Headers = workload.Extra{Count: fixed(1)}, []frame.Field{{Name: "hdr001", Value: "x"}}
		},
	} {
		p := plan()
		edit(&p)
		if _, err := p.Complete(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want something about %q", err, says)
		}
	}
	for _, fine := range []func(*workload.Plan){
		func(p *workload.Plan) { p.Extra = workload.Extra{Count: fixed(0), Size: fixed(5), Escapes: 0.5} }, // a step of a sweep
		func(p *workload.Plan) { p.Extra = workload.Extra{Count: fixed(16), Size: fixed(64 << 10)} },
		func(p *workload.Plan) {
			p.Extra, p.Headers = workload.Extra{Count: fixed(1)}, []frame.Field{{Name: "hdr1", Value: "x"}, {Name: "hdr0001", Value: "x"}, {Name: "hdr", Value: "x"}}
		},
	} {
		p := plan()
		fine(&p)
		if _, err := p.Complete(); err != nil {
			t.Error(err)
		}
	}
}
