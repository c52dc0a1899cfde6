// Package engine reads links over kernel sockets with gnet event loops. A loop has one read buffer
// for all its links, so an idle connection costs a few hundred bytes instead of a goroutine and a
// buffer.
//
// # Split duplex
//
// gnet reads. The link writes, from its flusher goroutine, through the net.Conn that it was made
// with. gnet holds a duplicate of the descriptor. Writing through gnet would queue without bound,
// allocate per call and have no deadlines.
//
// # Blocking
//
// gnet cannot stop reading one connection. So a handler that blocks stops its whole loop: give such
// a link an engine with one loop to itself ([Own]). A handler on shared loops must not block. When
// it wants no more frames it calls [link.Link.Pause]. The engine then moves the link from the loop
// to a goroutine, and back when the link was resumed and has fallen quiet.
//
// Imports: gnet, which no other package may import; link, and pool for what a paused link had read.
package engine
