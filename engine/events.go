package engine

import (
	"io"

	"github.com/panjf2000/gnet/v2"

	"github.com/stompwire/stompwire/engine/link"
)

// reader is one link's place on a loop.
type reader struct {
	engine *Engine
	link   *link.Link
	moved  bool // moved off the loop; gnet's OnClose does not end it
}

// OnOpen notes which links are on which loop.
func (*events) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	r := c.Context().(*reader)
	r.engine.join(r)
	return nil, gnet.None
}

// events is the only type that gnet calls.
type events struct {
	gnet.BuiltinEventEngine
}

// OnTraffic always takes all bytes that were read. Then gnet returns the loop's own buffer without
// a copy, and gnet's ring buffer stays empty.
func (*events) OnTraffic(c gnet.Conn) gnet.Action {
	r := c.Context().(*reader)
	chunk, err := c.Next(-1)
	if err != nil {
		r.link.Close(err)
		return gnet.Close
	}
	n, err := r.link.Feed(chunk)
	switch err {
	case nil:
		return gnet.None
	case link.ErrPaused:
		r.leaveLoop(chunk[n:])
		return gnet.Close // of gnet's descriptor: the link's own keeps the socket open
	}
	return gnet.Close
}

// OnClose ends the link, unless the link only left the loop.
func (*events) OnClose(c gnet.Conn, err error) gnet.Action {
	r := c.Context().(*reader)
	r.engine.part(r)
	if r.moved {
		return gnet.None
	}
	if err == nil {
		err = io.EOF
	}
	r.engine.end(r.link, err)
	return gnet.None
}
