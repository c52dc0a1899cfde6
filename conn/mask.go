package conn

import (
	"bytes"
	"strings"

	"github.com/stompwire/stompwire/frame"
)

const masked = "***"

// newServerError copies an ERROR frame, without secret.
func newServerError(f *frame.Frame, secret string) *ServerError {
	header := f.Header.Fields()
	for i := range header {
		header[i].Name, header[i].Value = mask(header[i].Name, secret), mask(header[i].Value, secret)
	}
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
