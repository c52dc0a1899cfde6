// Package fuzz holds the fuzz targets that need more than one package. They check that cutting a
// stream never changes its meaning, that the parser agrees with a slow decoder written straight
// from the specifications, and that the parser reads what the writer wrote. It contains only tests.
//
// Run one at a time, as Go demands:
//
//	go test -fuzz=FuzzSplit -fuzzminimizetime=10x ./fuzz
package fuzz
