// Package schema holds the JSON Schema of stompbench's output.
//
// Imports: the standard library only.
package schema

import _ "embed" // the schema

// ResultV1 is the JSON Schema of result.json, version 1.
//
//go:embed result-v1.schema.json
var ResultV1 []byte
