// Package check tests that the output of stompbench matches its JSON Schema. It is a module of its
// own, so that no other module depends on the validator.
package check
