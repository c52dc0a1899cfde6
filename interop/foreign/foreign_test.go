package foreign

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Two bounds hold for the programs that run side by side: those that try heart-beats
// do little but wait.
const (
	busyAtOnce    = 3
	waitingAtOnce = 24
)

// beatTries is how often heart-beats are tried. The protocol takes a peer that is silent for
// seconds for dead, and on a busy machine any process can be.
const beatTries = 4

// TestClients starts every program and then reports on each in turn, so that the
// order of the output does not depend on which is faster.
func TestClients(t *testing.T) {
	jobs := map[*client][]*job{}
	slots := &slots{busy: make(chan struct{}, busyAtOnce), waiting: make(chan struct{}, waitingAtOnce)}
	for i := range clients {
		c := &clients[i]
		if *onlyClient != "" && *onlyClient != c.name {
			continue
		}
		for _, version := range c.versions {
			jobs[c] = append(jobs[c], startJob(t, c, version, slots))
		}
	}
	if len(jobs) == 0 {
		t.Fatalf("there is no client %q", *onlyClient)
	}
	var m matrix
	for i := range clients {
		c := &clients[i]
		if jobs[c] == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			for _, j := range jobs[c] {
				t.Run(j.version, func(t *testing.T) { j.check(t, &m) })
			}
		})
	}
	t.Run("table", func(t *testing.T) {
		if *onlyClient != "" {
			t.Skip("not all clients have run")
		}
		m.compare(t)
	})
}

type slots struct{ busy, waiting chan struct{} }

// job is a client in one version. It takes two processes: one only waits.
type job struct {
	c       *client
	version string
	tap     *tap
	done    sync.WaitGroup

	quick, slow *report
}

func startJob(t *testing.T, c *client, version string, slots *slots) *job {
	t.Helper()
	s := newStage(t, c.over, version)
	j := &job{c: c, version: version, tap: s.tap}
	t.Cleanup(j.done.Wait) // before the stage is cleared
	names := featuresOf(version)
	if i := slices.Index(names, beats); i >= 0 {
		names = slices.Delete(names, i, i+1)
		j.done.Go(func() {
			slots.waiting <- struct{}{}
			defer func() { <-slots.waiting }()
			j.tryBeats(t, s)
		})
	}
	j.done.Go(func() {
		slots.busy <- struct{}{}
		defer func() { <-slots.busy }()
		j.quick = c.run(t, s, version, names)
	})
	return j
}

func (j *job) tryBeats(t *testing.T, s *stage) {
	for range beatTries {
		j.tap.forget()
		j.slow = j.c.run(t, s, j.version, []string{beats})
		if j.slow.results[beats].word != "fail" {
			return
		}
	}
}

// check turns the reports into subtests and enters them in m.
func (j *job) check(t *testing.T, m *matrix) {
	j.done.Wait()
	results := map[string]result{}
	for _, r := range []*report{j.quick, j.slow} {
		if r == nil {
			continue
		}
		if r.absent != "" {
			absent(t, r.absent)
		}
		if r.err != nil {
			t.Errorf("the program: %v\n%s", r.err, r.stderr)
		}
		m.name(j.c, r.client)
		for name, res := range r.results {
			results[name] = res
		}
	}
	for _, name := range featuresOf(j.version) {
		t.Run(name, func(t *testing.T) {
			res, ok := results[name]
			if !ok {
				t.Fatalf("the program does not say\n%s", j.quick.stderr)
			}
			if res.word == "ok" && name == beats {
				j.checkBeats(t)
			}
			j.judge(t, m, name, res)
		})
	}
}

// checkBeats does not take the program's word for it.
func (j *job) checkBeats(t *testing.T) {
	client, broker := j.tap.counts()
	if client < enoughBeats || broker < enoughBeats {
		t.Errorf("%d heart-beats of the client and %d of the broker on the wire, want %d", client, broker, enoughBeats)
	}
}

// judge compares a result with what we know of the client.
func (j *job) judge(t *testing.T, m *matrix, name string, res result) {
	known := j.c.deviation(j.version, name)
	switch {
	case res.word == "ok" && known != nil:
		t.Errorf("works, and the table of deviations says: %s", known.note)
	case res.word == "ok":
		m.enter(j.c, name, j.version, "")
	case res.word == "unsupported":
		m.enter(j.c, name, j.version, res.why)
		t.Skip(res.why)
	case known != nil && strings.Contains(res.why, known.sign):
		m.enter(j.c, name, j.version, known.note)
		t.Skipf("%s (%s)", known.note, res.why)
	default:
		t.Error(res.why)
	}
}

func (c *client) deviation(version, feature string) *deviation {
	for i := range c.deviations {
		if d := &c.deviations[i]; d.feature == feature && slices.Contains(d.versions, version) {
			return d
		}
	}
	return nil
}

// absent ends a test that needs what is not installed.
func absent(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("STOMPWIRE_REQUIRE_CLIENTS") != "" {
		t.Fatalf("%s; interop/foreign/install.sh installs it", why)
	}
	t.Skipf("%s; interop/foreign/install.sh installs it", why)
}
