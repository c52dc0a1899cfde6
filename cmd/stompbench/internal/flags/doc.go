// Package flags is what the verbs of stompbench share of their command lines: values and how they are
// parsed, groups for the help, environment variables, scenario files, and the flags that describe a
// load.
//
// A flag is declared once, by [Set.Add]: name, default, help, and a [Value] that knows its kind, its
// range and the words it takes. Help, completion, the manual and the range check derive from that.
//
// Imports: pflag and cobra for the flags, go-yaml for scenarios, and the packages of stompbench that
// define the syntax of values: workload, uri and slo.
package flags
