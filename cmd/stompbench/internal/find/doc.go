// Package find searches for the highest rate that passes a test: it climbs by
// doubling until a rate fails, then halves the gap (in ratio, not in difference)
// between the highest that passed and the lowest that failed, and repeats the
// highest that passed. A rate that fails when it is repeated counts as failed, and
// the search goes on below it. It ends when the gap is small enough, or its time is
// up.
//
// What a test is, the caller says; and nothing is assumed of it but that lower
// rates pass rather than higher ones.
//
// Imports: the standard library only.
package find
