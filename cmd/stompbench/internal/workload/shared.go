package workload

import (
	"errors"
	"hash/fnv"
	"strings"
	"unicode"
)

// maxRunName bounds the name of a shared run, in bytes.
const maxRunName = 100

// ParseRunName reads the name of a shared run.
func ParseRunName(s string) (string, error) {
	if s == "" || len(s) > maxRunName || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New("give it a name that no other run has, such as nightly-7: up to 100 letters, and the same everywhere")
	}
	return s, nil
}

// Shared reports whether other processes share the run.
func (p *Plan) Shared() bool { return p.RunName != "" }

// RunID returns the number of a shared run, which messages carry instead of the name; it is not 0.
func (p *Plan) RunID() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.RunName))
	return max(1, h.Sum64())
}

// onlyReceives reports whether all messages come from other processes of the run. Nothing says when
// they have sent the last one.
func (p *Plan) onlyReceives() bool { return p.Shared() && p.Producers == 0 }

// completeShared adapts the plan to a shared run.
func (p *Plan) completeShared() error {
	if !p.Shared() {
		return nil
	}
	if p.onlyReceives() {
		p.Duration, p.Count, p.Warmup = 0, 0, 0 // only the processes that send have them
	}
	return refuse(p.Embedded, "--run-id is for several processes, and the embedded broker is for this one: give a --uri")
}
