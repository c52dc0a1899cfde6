package report

import (
	"encoding/json"
	"io"
)

// WriteObject writes a value as one indented JSON object, as all verbs do.
func WriteObject(w io.Writer, object any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(object)
}
