// Package session decides everything that the client decides: when to dial which
// address, what to restore on a new connection and in which order, what each RECEIPT
// and ERROR answers, what became of every confirmed send, when a subscription is
// renewed, given a connection of its own or given up, and how a session ends.
//
// It is a state machine in the style of etcd's raft. The caller passes events
// together with the current time ([Core.Lost], [Core.Receipt], [Core.Tick], ...) and
// then carries out the effects that [Core.Take] returns: dial, write this frame, close
// that connection, report outcomes. The core starts nothing, blocks on nothing, locks
// nothing, and reads no clock; random values come from a seed. So a test can play years
// of bad days in a second, and replay each of them.
//
// The caller serialises access. Hot paths ([Core.Open], [Core.Receipt],
// [Core.TakeReports]) are plain method calls without an effect, and allocate nothing.
//
// The tests are dialogues; testdata/README.md explains their format.
//
// # Words
//
// A slot is a succession of connections that serve one purpose: to consume, to send, or
// to keep a misbehaving subscription or producer away from the others. A call is one
// wait for one answer. A window holds the confirmed sends of one producer
// that have no outcome yet.
//
// Imports: frame and conn/dialect for the vocabulary, pool for the copies of messages
// that may have to be sent again. No net, sync, context, or clock.
package session
