package load

import (
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/stamp"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/workload"
)

// fields are the headers of a producer's messages that differ from message to message. They are for
// the producer's goroutine.
type fields struct {
	list    []frame.Field // the headers of the current message
	varying []varying     // how each of them is made; the extra headers follow in list

	extra workload.HeaderSets // used in turn; nil if all messages have the same
	turn  int
}

// varying makes the value of one header.
type varying struct {
	text   []byte // of the current message
	append func(dst []byte, m *message) []byte
}

// message is the data that headers and stamps are made from.
type message struct {
	stamp   stamp.Stamp
	number  uint64 // counted over all destinations of the producer
	bodySum uint32
	length  int
}

// newFields returns the headers that are the same for all messages of a producer, and those that
// differ, nil if none do. extra are the plan's extra headers.
func newFields(p *workload.Plan, producer int, d dialect.Dialect, extra workload.HeaderSets) (same []frame.Field, differing *fields) {
	f := &fields{}
	for _, h := range p.Headers {
		template := workload.NewTemplate(h.Value, producer)
		if value, ok := template.Constant(); ok {
			same = append(same, frame.Field{Name: h.Name, Value: value})
		} else {
			f.add(h.Name, func(dst []byte, m *message) []byte { return template.Append(dst, m.number) })
		}
	}
	same = append(same, p.SendFields(d)...)
	switch {
	case p.Priorities == nil:
	case p.Priorities.Fixed():
		same = append(same, frame.Field{Name: d.PriorityHeader, Value: strconv.Itoa(p.Priorities.Min())})
	default:
		f.add(d.PriorityHeader, func(dst []byte, m *message) []byte { return append(dst, '0'+m.stamp.Priority) })
	}
	if p.Expires > 0 {
		after := p.Expires.Milliseconds()
		if d.ExpiresAfter {
			same = append(same, frame.Field{Name: d.ExpiresHeader, Value: strconv.FormatInt(after, 10)})
		} else {
			f.add(d.ExpiresHeader, func(dst []byte, m *message) []byte {
				return strconv.AppendInt(dst, m.stamp.Sent/int64(time.Millisecond)+after, 10)
			})
		}
	}
	if p.Stamp == workload.StampHeader {
		f.add(stamp.Header, func(dst []byte, m *message) []byte {
			return stamp.AppendHeader(dst, &m.stamp, m.bodySum, m.length)
		})
	}
	switch len(extra) {
	case 0:
	case 1:
		same = append(same, extra[0]...)
	default:
		f.extra, f.turn = extra, producer%len(extra)
		f.list = slices.Grow(f.list, p.Extra.Count.Max())
	}
	if len(f.list) == 0 && f.extra == nil {
		return same, nil
	}
	return same, f
}

func (f *fields) add(name string, value func(dst []byte, m *message) []byte) {
	f.list = append(f.list, frame.Field{Name: name})
	f.varying = append(f.varying, varying{append: value})
}

// of returns the headers of a message. They are borrowed: valid until the next call. It does not
// allocate once its memory has reached its working size.
func (f *fields) of(m *message) []frame.Field {
	for i := range f.varying {
		v := &f.varying[i]
		v.text = v.append(v.text[:0], m)
		// This string changes with the next message: Sender.Send has encoded it by then. A copy
		// would be an allocation for each message.
		f.list[i].Value = unsafe.String(unsafe.SliceData(v.text), len(v.text))
	}
	if f.extra == nil {
		return f.list
	}
	set := f.extra[f.turn]
	if f.turn++; f.turn == len(f.extra) {
		f.turn = 0
	}
	if len(f.varying) == 0 {
		return set
	}
	f.list = append(f.list[:len(f.varying)], set...)
	return f.list
}
