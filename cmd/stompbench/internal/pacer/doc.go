// Package pacer says when each message is due, and waits until then.
//
// The schedule is absolute: message k of a run at rate r is due k/r seconds after
// the start, whatever happened to the ones before it. A producer that was held up
// sends what is due by now without further waiting and is then on time again; it
// never saves up credit while it is early. How late a message leaves is for the
// caller to record: the difference between its due time and the time Wait returns.
//
// Imports: the standard library only.
package pacer
