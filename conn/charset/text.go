package charset

import (
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/frame"
)

const utf8Name = "utf-8"

// Text returns the body of m as text. It allocates; the text is owned. The error is
// an [*UnknownError] or an [*InvalidError]. It does not read a streamed body.
func Text(m *conn.Message) (string, error) {
	return Decode(m.Body, m.Header.Text(frame.HeaderContentType))
}

// Lossy is [Text] with U+FFFD for bytes that are not valid in the charset. The error is
// an [*UnknownError].
func Lossy(m *conn.Message) (string, error) {
	text, _, err := decode(m.Body, m.Header.Text(frame.HeaderContentType))
	return text, err
}

// Decode returns body as text, by the charset of a content-type such as
// "text/plain;charset=iso-8859-1". It is strict. In charsets other than UTF-8 it also
// refuses a U+FFFD that was in the text to begin with, because it cannot tell the two
// apart.
func Decode(body []byte, contentType string) (string, error) {
	text, damaged, err := decode(body, contentType)
	if err != nil {
		return "", err
	}
	if damaged {
		name, _ := Of(contentType)
		return "", &InvalidError{Charset: name}
	}
	return text, nil
}

// Encode returns text as a body of that content type; UTF-8 unless it names another charset. A
// character that the charset does not have is an [*InvalidError].
func Encode(text, contentType string) ([]byte, error) {
	name, enc, err := find(contentType)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(text) {
		return nil, &InvalidError{Charset: utf8Name}
	}
	if enc == nil {
		return []byte(text), nil
	}
	body, err := enc.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil, &InvalidError{Charset: name, Err: err}
	}
	return body, nil
}

// Of returns the charset that a content type names, in lower case; "utf-8" if it
// names none. The error is an [*UnknownError] if it cannot be read.
func Of(contentType string) (string, error) {
	if !strings.Contains(contentType, "=") { // no parameters: nothing to parse
		return utf8Name, nil
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", &UnknownError{ContentType: contentType, Err: err}
	}
	if name := params["charset"]; name != "" {
		return strings.ToLower(name), nil
	}
	return utf8Name, nil
}

// find returns the charset of a content type; enc is nil for UTF-8.
func find(contentType string) (name string, enc encoding.Encoding, err error) {
	if name, err = Of(contentType); err != nil || name == utf8Name || name == "utf8" {
		return name, nil, err
	}
	enc, err = ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		return name, nil, &UnknownError{ContentType: contentType, Err: err}
	}
	return name, enc, nil
}

// decode converts with replacements, and reports whether it made any.
func decode(body []byte, contentType string) (text string, damaged bool, err error) {
	_, enc, err := find(contentType)
	switch {
	case err != nil:
		return "", false, err
	case enc != nil:
		out, err := enc.NewDecoder().Bytes(body)
		text = string(out)
		return text, err != nil || strings.ContainsRune(text, utf8.RuneError), nil
	case utf8.Valid(body):
		return string(body), false, nil
	}
	return strings.ToValidUTF8(string(body), string(utf8.RuneError)), true, nil
}
