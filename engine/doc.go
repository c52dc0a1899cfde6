// Package engine drives links over kernel sockets with gnet event loops. A loop
// has one read buffer for all its links, so an idle connection costs a few hundred
// bytes instead of a goroutine and a buffer.
//
// # Split duplex
//
// gnet reads; the link writes, through the net.Conn that it was made with, from
// its flusher goroutine. gnet holds a duplicate of the descriptor. Writing through
// gnet would queue without bound, allocate per call and have no deadlines.
//
// # Blocking
//
// gnet cannot stop reading one connection. So a handler that blocks stops its whole
// loop: give such a link an engine with one loop to itself ([Own]). A handler on
// shared loops must not block; when it wants no more frames it calls
// [link.Link.Pause], and the engine takes the link off the loop, onto a goroutine,
// until it has been resumed and has fallen quiet again.
//
// Imports: gnet, which no other package may import; link, and pool for what a paused
// link had read.
package engine
