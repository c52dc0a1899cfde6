package coding

import "strings"

// Header is the name of the header that lists the codings of a body, in the order in which they
// were applied, as in HTTP (RFC 9110, section 8.4).
const Header = "content-encoding"

// The known codings. S2 is its stream format, which includes framed Snappy.
const (
	Gzip = "gzip"
	Zstd = "zstd"
	S2   = "s2"
)

// maxCodings bounds a chain: each link multiplies the work that a byte can cause.
const maxCodings = 4

// codec is one coding; 0 is an unknown one.
type codec uint8

const (
	unknown codec = iota
	gzipCodec
	zstdCodec
	s2Codec
)

// find returns the codec of a name, which is "case-insensitive" (RFC 9110, section
// 8.4.1).
func find(name string) codec {
	switch {
	case strings.EqualFold(name, Gzip), strings.EqualFold(name, "x-gzip"):
		return gzipCodec
	case strings.EqualFold(name, Zstd):
		return zstdCodec
	case strings.EqualFold(name, S2):
		return s2Codec
	}
	return unknown
}

// String returns the name of the coding.
func (c codec) String() string { return [...]string{"", Gzip, Zstd, S2}[c] }

// decode appends the decoded body to out, at most max bytes. Its error is
// errTooLarge or the library's. It is a switch and not a table of functions, so that
// out need not be on the heap.
func (c codec) decode(out *output, body []byte, max int) error {
	switch c {
	case gzipCodec:
		return decodeGzip(out, body, max)
	case zstdCodec:
		return decodeZstd(out, body, max)
	default:
		return decodeS2(out, body, max)
	}
}

// encoder returns the encoder of a level.
func (c codec) encoder(level Level) appender {
	switch c {
	case gzipCodec:
		return newGzipAppender(level)
	case zstdCodec:
		return newZstdAppender(level)
	default:
		return newS2Appender(level)
	}
}

// chain is the codecs of a body, in the order in which they were applied.
type chain struct {
	links [maxCodings]codec
	n     int
}

// parse parses a content-encoding header. It returns false if one of the codings is unknown; then
// nothing is decoded, because a half decoded body is of no use.
func (c *chain) parse(encoding string) bool {
	for encoding != "" {
		var name string
		name, encoding, _ = strings.Cut(encoding, ",")
		name = strings.Trim(name, " \t")
		if name == "" || strings.EqualFold(name, "identity") {
			continue
		}
		link := find(name)
		if link == unknown || c.n == maxCodings {
			return false
		}
		c.links[c.n] = link
		c.n++
	}
	return c.n > 0
}
