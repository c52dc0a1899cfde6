// Package check has the test that what stompbench writes is what its JSON Schema
// says. It is a module of its own, so that the validator is nobody's dependency.
package check
