// Package pacer computes when each message is due, and waits until then.
//
// The schedule is absolute: message k of a run at rate r is due k/r seconds after the start,
// whatever happened to the ones before it (no coordinated omission). A producer that was held up
// sends everything that is due without further waiting and is then on time again. It cannot send
// ahead of the schedule. The caller records how late a message leaves: the difference between its
// due time and the time that Wait returns.
//
// Imports: the standard library only.
package pacer
