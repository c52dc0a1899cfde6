package workload_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

func TestRateGrammar(t *testing.T) {
	for in, out := range map[string]string{
		"5000":                     "5000",
		"300k/m":                   "5000",
		"1.5k":                     "1500",
		"10k:30s,50k:30s":          "10000:30s,50000:30s",
		"1k..50k:60s":              "1000..50000:1m0s",
		"0..100:1m, 100:5m, 0:10s": "0..100:1m0s,100:5m0s,0:10s",
		"1k:5":                     "1000:5s",
		"1k:5s,2k":                 "1000:5s,2000",
	} {
		p, err := workload.ParseRate(in)
		if err != nil || workload.FormatRate(p) != out {
			t.Errorf("%s: %v, %v, want %s", in, workload.FormatRate(p), err, out)
			continue
		}
		again, err := workload.ParseRate(out)
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%s is read as %v, %s as %v", in, p, out, again)
		}
	}
	for _, bad := range []string{"", "x", ":5s", "5:", "5:x", "5,6", "1..2..3:5s", "..5:5s", "5..:5s", "-1", "1:-5s", "5/day", "1e400"} {
		if p, err := workload.ParseRate(bad); err == nil {
			t.Errorf("%q is read as %v", bad, p)
		}
	}
}

func TestSizeGrammar(t *testing.T) {
	for in, out := range map[string]string{
		"128": "128", "4KiB": "4096", "1kB": "1000", "100..4k": "100..4096",
		"128:80,4k:15,64k:5": "128:80,4096:15,65536:5", "0..10:1, 20": "0..10:1,20:1",
	} {
		s, err := workload.ParseSizes(in)
		if err != nil || s.String() != out {
			t.Errorf("%s: %v, %v, want %s", in, s, err, out)
		}
	}
	for _, bad := range []string{"", "x", "5..1", "5:0", "5:-1", "5,", "1.5", "5:1:1"} {
		if s, err := workload.ParseSizes(bad); err == nil {
			t.Errorf("%q is read as %v", bad, s)
		}
	}
	s, _ := workload.ParseSizes("128:80,4k:15,64k:5")
	if got, want := s.Mean(), (128*80+4096*15+65536*5)/100.0; math.Abs(got-want) > 1e-6 || s.Min() != 128 || s.Max() != 65536 || s.Fixed() {
		t.Errorf("mean %v, want %v", got, want)
	}
}

// The bodies of a producer have the sizes in the shares that were asked for, and
// their memory is bounded.
func TestBodiesHaveTheSizes(t *testing.T) {
	for _, c := range []struct {
		sizes string
		share map[int]float64 // of sizes up to that
	}{
		{"128:80,4k:15,64k:5", map[int]float64{128: 0.8, 4096: 0.95, 65536: 1}},
		{"100..1100", map[int]float64{600: 0.5, 350: 0.25, 1100: 1}},
		{"60:99,1M:1", map[int]float64{60: 0.99, 1 << 20: 1}},
	} {
		p := complete(t, func(p *workload.Plan) { p.Sizes, _ = workload.ParseSizes(c.sizes) })
		b := p.NewBodies(0)
		const n = 20_000
		counts := map[int]int{}
		distinct := map[*byte]int{}
		for range n {
			body, sum := b.Next()
			counts[len(body)]++
			if sum != stamp.PayloadSum(body) {
				t.Fatal("the checksum is wrong")
			}
			distinct[&body[0]] = max(distinct[&body[0]], len(body))
		}
		for limit, want := range c.share {
			got := 0
			for size, k := range counts {
				if size <= limit {
					got += k
				}
			}
			if share := float64(got) / n; math.Abs(share-want) > 0.02 {
				t.Errorf("%s: %.3f are up to %d B, want %v", c.sizes, share, limit, want)
			}
		}
		memory := 0
		for _, size := range distinct {
			memory += size
		}
		if memory > 4<<20 {
			t.Errorf("%s: %d bytes of bodies", c.sizes, memory)
		}
	}
}

// Stamping one body leaves the payloads of all others alone, also where they share
// memory.
func TestStampsDoNotMeet(t *testing.T) {
	p := complete(t, func(p *workload.Plan) { p.Sizes, _ = workload.ParseSizes("56..3000:5,64k:1") })
	b := p.NewBodies(3)
	for i := range uint64(10_000) {
		body, sum := b.Next()
		stamp.Write(body, &stamp.Stamp{Run: 1, Sequence: i + 1}, sum)
		var s stamp.Stamp
		if err := stamp.Read(body, &s); err != nil || s.Sequence != i+1 {
			t.Fatalf("body %d of %d B: %v", i, len(body), err)
		}
	}
}

func TestPayloads(t *testing.T) {
	for text, random := range map[string]float64{"zeros": 0, "random:0.25": 0.25, "random": 1, "text": 0} {
		payload, err := workload.ParsePayload(text)
		if err != nil || payload.String() != text {
			t.Fatalf("%s: %v, %v", text, payload, err)
		}
		p := complete(t, func(p *workload.Plan) { p.Size, p.Payload = 10_000, payload })
		body, _ := p.NewBodies(0).Next()
		zero, printable := 0, 0
		for _, c := range body {
			if c == 0 {
				zero++
			}
			if c == '\n' || c >= ' ' && c < 0x7f {
				printable++
			}
		}
		if text == "text" && (printable != len(body) || !strings.Contains(string(body), "the ") || !strings.Contains(string(body), "\n")) {
			t.Errorf("text: %q", body[:100])
		}
		if share := 1 - float64(zero)/float64(len(body)); text != "text" && math.Abs(share-random) > 0.03 {
			t.Errorf("%s: a share of %.2f is not zero", text, share)
		}
	}
}

// Every destination has a client, and every client has a destination.
func TestShares(t *testing.T) {
	for _, c := range [][2]int{{1, 1}, {1, 7}, {3, 7}, {7, 7}, {10, 3}, {4, 8}} {
		workers, n := c[0], c[1]
		count := make([]int, n)
		for w := range workers {
			share := workload.Share(w, workers, n)
			if len(share) == 0 || len(share) > (n+workers-1)/workers {
				t.Errorf("%d workers, %d destinations: worker %d has %v", workers, n, w, share)
			}
			for _, d := range share {
				count[d]++
			}
		}
		if slices.Max(count)-slices.Min(count) > 1 || slices.Min(count) == 0 {
			t.Errorf("%d workers, %d destinations: %v", workers, n, count)
		}
	}
}

func TestDestinationNames(t *testing.T) {
	p := complete(t, func(p *workload.Plan) {
		p.PublishTo, p.ConsumeFrom, p.Destinations = "/exchange/x/%d", "/queue/load-%03d", workload.Range{First: 8, Last: 11}
	})
	if p.PublishTargets().Name(0) != "/exchange/x/8" || p.ConsumeTargets().Name(3) != "/queue/load-011" || p.PublishTargets().Len() != 4 || !p.Paired() {
		t.Errorf("%s %s %d", p.PublishTargets().Name(0), p.ConsumeTargets().Name(3), p.PublishTargets().Len())
	}
	p = complete(t, func(p *workload.Plan) { p.PublishTo, p.ConsumeFrom, p.Producers = "/topic/load.%d", "/topic/load.*", 3 })
	if p.Paired() || p.ConsumeTargets().Len() != 1 || p.Destinations.Len() != 3 || p.PublishTargets().Name(2) != "/topic/load.3" {
		t.Errorf("%+v", p.Destinations)
	}
}

func TestTemplates(t *testing.T) {
	for in, want := range map[string]string{"plain": "plain", "%d": "7", "a%d-%p-%%d": "a7-3-%d", "50%": "50%", "%x%": "%x%", "": "", "%d%d": "77"} {
		template := workload.NewTemplate(in, 2)
		if got := string(template.Append(nil, 7)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
		if _, constant := template.Constant(); constant == strings.Contains(strings.ReplaceAll(in, "%%", ""), "%d") {
			t.Errorf("%q: constant is %v", in, constant)
		}
	}
}

func TestPriorities(t *testing.T) {
	classes, err := workload.ParsePriorities("9:10,4:85,0:5")
	if err != nil || classes.String() != "9:10,4:85,0:5" {
		t.Fatal(classes, err)
	}
	p := complete(t, func(p *workload.Plan) { p.Priorities = classes })
	counts := map[uint8]int{}
	levels := p.PriorityLevels(0)
	for _, level := range levels {
		counts[level]++
	}
	if counts[9]*10 != len(levels) || counts[0]*20 != len(levels) || len(counts) != 3 {
		t.Errorf("%v of %d", counts, len(levels))
	}
	if slices.Equal(levels, p.PriorityLevels(1)) {
		t.Error("two producers have their priorities in the same order")
	}
}

// Rate, ramp, duration and warm-up make one schedule.
func TestRateMakesTheDuration(t *testing.T) {
	for _, c := range []struct {
		rate     string
		duration time.Duration // set by the user if not 0
		want     time.Duration
		mean     float64
	}{
		{"10:30s,50:30s", 0, time.Minute, 30},
		{"10:30s,50:30s", time.Minute, time.Minute, 30},
		{"10:30s,50", 90 * time.Second, 90 * time.Second, (300 + 3000) / 90.0},
		{"0..100:10s", 0, 10 * time.Second, 50},
		{"0..100", 20 * time.Second, 20 * time.Second, 50},
		{"0..100", 0, time.Second, 50}, // the plan's default
		{"70", 0, time.Second, 70},
	} {
		p := complete(t, func(p *workload.Plan) {
			p.Profile, _ = workload.ParseRate(c.rate)
			if c.duration > 0 {
				p.Duration, p.DurationSet = c.duration, true
			}
			p.Warmup = 5 * time.Second
		})
		if p.Duration != c.want || math.Abs(p.Rate-c.mean) > 1e-9 {
			t.Errorf("%s: %v at %v/s, want %v at %v/s", c.rate, p.Duration, p.Rate, c.want, c.mean)
		}
		first := p.Profile[0].From
		if got := p.Schedule(0, 0).Before(int64(p.Warmup)); got != uint64(5*first) {
			t.Errorf("%s: %d messages in the warm-up, want %v", c.rate, got, 5*first)
		}
	}
}

func ExampleParseRate() {
	p, _ := workload.ParseRate("1k..50k:60s,50k:2m")
	fmt.Println(p.Length(), p.Max())
	// Output: 3m0s 50000
}
