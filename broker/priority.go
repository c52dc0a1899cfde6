package broker

import "sync"

// A queue delivers waiting messages in the order of their priority header, 9 first and 0 last, and
// in the order of arrival within one priority. A message without the header, or with another value,
// has priority 4, as in JMS. A message that some subscription can take at once does not wait,
// whatever its priority.
const defaultPriority = 4

// levels are the waiting messages with other priorities than the default one, which wait in
// destination.pending. A queue has levels while there are such messages.
type levels [10]line

var freeLevels = sync.Pool{New: func() any { return new(levels) }}

func parsePriority(value []byte) uint8 {
	if len(value) == 1 && value[0] >= '0' && value[0] <= '9' {
		return value[0] - '0'
	}
	return defaultPriority
}

// level returns where messages of that priority wait.
func (d *destination) level(priority uint8) *line {
	if priority == defaultPriority {
		return &d.pending
	}
	if d.levels == nil {
		d.levels = freeLevels.Get().(*levels)
	}
	return &d.levels[priority]
}

// front returns the line whose first message is to be delivered next, nil if nothing waits.
func (d *destination) front() *line {
	if d.levels == nil {
		if d.pending.len() > 0 {
			return &d.pending
		}
		return nil
	}
	for priority := len(d.levels) - 1; priority >= 0; priority-- {
		if l := d.level(uint8(priority)); l.len() > 0 {
			return l
		}
	}
	freeLevels.Put(d.levels) // all lines are empty and keep little memory
	d.levels = nil
	return nil
}
