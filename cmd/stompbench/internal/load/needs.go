package load

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/machine"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// What a worker and an end of a connection take at least, in bytes, as measured.
const (
	workerBytes     = 4 << 10
	connectionBytes = 8 << 10
	slotBytes       = 8

	otherFiles = 20 // besides connections
)

// Needs are the resources of this machine that a run takes before the first message, at least.
type Needs struct {
	Files  int
	Memory int
}

// NeedsOf returns what the plan needs.
func NeedsOf(p *workload.Plan) Needs {
	n := Needs{Files: p.Connections()}
	if p.Embedded {
		n.Files *= 2 // the embedded broker has the other ends
	}
	n.Memory = p.BodiesMemory() + p.HeadersMemory() + (p.Producers+p.Consumers)*workerBytes + n.Files*connectionBytes
	if p.Window > 0 {
		n.Memory += p.Producers * span(p.Window, 1) * slotBytes
	}
	return n
}

// check returns why the plan cannot work on this machine, as a [*workload.Invalid].
func (n Needs) check() error {
	m := machine.Describe()
	memory := m.Memory
	if m.LimitBytes > 0 {
		memory = min(memory, m.LimitBytes)
	}
	switch limit := fileLimit(); {
	case limit > 0 && uint64(n.Files+otherFiles) > limit:
		return workload.Refuse("%d connections need %d open files, and this process may have %d: use fewer --producers and --consumers, share connections with --producer-connections and --consumer-connections, or raise the limit (ulimit -n)",
			n.Files, n.Files+otherFiles, limit)
	case memory > 0 && uint64(n.Memory) > memory:
		return workload.Refuse("the run needs at least %d MiB of memory before the first message, and this machine has %d: use fewer --producers and --consumers, a smaller --confirm, or a smaller --size",
			n.Memory>>20, memory>>20)
	}
	return nil
}
