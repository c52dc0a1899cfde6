package conn

import (
	"bytes"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

const masked = "***"

// newServerError copies an ERROR frame, without secret.
func newServerError(f *frame.Frame, secret string) *ServerError {
	header := maskFields(f.Header.Fields(), secret)
	body := append([]byte(nil), f.Body...)
	if secret != "" {
		body = bytes.ReplaceAll(body, []byte(secret), []byte(masked))
	}
	return &ServerError{
		Message:   mask(f.Header.Text(frame.HeaderMessage), secret),
		ReceiptID: mask(f.Header.Text(frame.HeaderReceiptID), secret), // of ours, if the broker plays by the rules
		Header:    header,
		Body:      body,
	}
}

// mask hides every occurrence of secret in text.
func mask(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, masked)
}

// maskFields hides every occurrence of secret in fields, in place.
func maskFields(fields frame.Fields, secret string) frame.Fields {
	for i := range fields {
		fields[i].Name, fields[i].Value = mask(fields[i].Name, secret), mask(fields[i].Value, secret)
	}
	return fields
}
