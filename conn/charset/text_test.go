package charset_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stompwire/stompwire/conn"
	"github.com/stompwire/stompwire/conn/charset"
	"github.com/stompwire/stompwire/frame"
)

func message(contentType, body string) *conn.Message {
	m := &conn.Message{Body: []byte(body)}
	if contentType != "" {
		m.Header = frame.Fields{{Name: frame.HeaderContentType, Value: contentType}}.Header()
	}
	return m
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		contentType, body string
		text              string // strict; "" for an InvalidError
		lossy             string
	}{
		{"", "café", "café", "café"},
		{"text/plain", "café", "café", "café"},
		{"application/json", "café", "café", "café"},
		{"text/plain;charset=utf-8", "café", "café", "café"},
		{"text/plain; CHARSET=\"UTF-8\"", "café", "café", "café"},
		{"text/plain;format=flowed", "café", "café", "café"},
		{"text/plain;charset=utf8", "\uFFFD", "\uFFFD", "\uFFFD"},
		{"", "caf\xe9 \xff", "", "caf\uFFFD \uFFFD"},
		{"text/plain;charset=utf-8", "\xe2\x82", "", "\uFFFD"},

		{"text/plain;charset=us-ascii", "cafe", "cafe", "cafe"},
		{"text/plain;charset=us-ascii", "caf\xe9", "", "caf\uFFFD"},
		{"text/plain;charset=iso-8859-1", "caf\xe9\x80", "café\u0080", "café\u0080"},
		{"text/plain;charset=ISO-8859-15", "\xa4", "€", "€"},
		{"text/plain;charset=latin1", "\xe9", "é", "é"},
		{"text/plain;charset=windows-1252", "\x80 \x93caf\xe9\x94", "€ “café”", "€ “café”"},
		{"text/plain;charset=windows-1252", "a\x81", "", "a\uFFFD"},
		{"text/plain;charset=utf-16", "\xfe\xff\x00a\x20\xac", "a€", "a€"},
		{"text/plain;charset=utf-16", "\xff\xfea\x00\xac\x20", "a€", "a€"},
		{"text/plain;charset=utf-16be", "\x00a\xd8\x3d\xde\x00", "a😀", "a😀"},
		{"text/plain;charset=utf-16le", "a\x00\x3d\xd8\x00\xde", "a😀", "a😀"},
		{"text/plain;charset=utf-16le", "a\x00\x3d\xd8", "", "a\uFFFD"},
		{"text/plain;charset=utf-16le", "a\x00b", "", "a\uFFFD"},
		{"text/plain;charset=shift_jis", "\x83\x65\x83\x58\x83\x67", "テスト", "テスト"},
	} {
		m := message(c.contentType, c.body)
		text, err := charset.Text(m)
		var invalid *charset.InvalidError
		if text != c.text || (err == nil) != (c.text != "") || (err != nil && !errors.As(err, &invalid)) {
			t.Errorf("%q, %q: strict %q, %v; want %q", c.contentType, c.body, text, err, c.text)
		}
		if text, err = charset.Lossy(m); text != c.lossy || err != nil {
			t.Errorf("%q, %q: lossy %q, %v; want %q", c.contentType, c.body, text, err, c.lossy)
		}
		if string(m.Body) != c.body {
			t.Errorf("%q: the body has changed", c.contentType)
		}
		if c.text == "" {
			continue
		}
		if body, err := charset.Encode(c.text, c.contentType); err != nil {
			t.Errorf("%q: encode: %v", c.contentType, err)
		} else if text, err := charset.Decode(body, c.contentType); text != c.text || err != nil {
			t.Errorf("%q: encoded as %q, decoded as %q, %v", c.contentType, body, text, err)
		}
	}
}

func TestUnknownCharset(t *testing.T) {
	for _, contentType := range []string{
		"text/plain;charset=klingon", "text/plain;charset=", "text/plain;charset=a b", "text/plain;charset=utf-8;charset=utf-16", "text/plain;charset=utf-7",
	} {
		var unknown *charset.UnknownError
		_, err := charset.Text(message(contentType, "x"))
		if !errors.As(err, &unknown) || unknown.ContentType != contentType {
			t.Errorf("%q: %v", contentType, err)
		}
		if _, err = charset.Lossy(message(contentType, "x")); !errors.As(err, &unknown) {
			t.Errorf("%q: lossy: %v", contentType, err)
		}
		if _, err = charset.Encode("x", contentType); !errors.As(err, &unknown) {
			t.Errorf("%q: encode: %v", contentType, err)
		}
	}
}

func TestEncodeInvalid(t *testing.T) {
	for _, c := range []struct{ text, contentType string }{
		{"€", "text/plain;charset=iso-8859-1"}, {"é", "text/plain;charset=us-ascii"}, {"\xff", "text/plain"}, {"\xff", "text/plain;charset=utf-16"},
	} {
		var invalid *charset.InvalidError
		if body, err := charset.Encode(c.text, c.contentType); !errors.As(err, &invalid) {
			t.Errorf("%q as %s: %q, %v", c.text, c.contentType, body, err)
		}
	}
}

func ExampleText() {
	m := &conn.Message{
		Header: frame.Fields{{Name: "content-type", Value: "text/plain;charset=windows-1252"}}.Header(),
		Body:   []byte("caf\xe9, 2 \x80"),
	}
	fmt.Println(charset.Text(m))
	// Output: café, 2 € <nil>
}
