package conn

import "strings"

// mask hides every occurrence of secret in text: some brokers quote the frame
// that they complain about.
func mask(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "***")
}
