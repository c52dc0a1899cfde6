package broker

import (
	"bytes"
	"strconv"
)

func appendDecimal(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

// counter is a number with its decimal digits. Incrementing them costs less than formatting the
// number.
type counter struct {
	n      uint64
	digits [20]byte
	first  int // digits[first:] are the digits of n; empty for 0
}

func newCounter() counter { return counter{first: len(counter{}.digits)} }

func (c *counter) next() uint64 {
	c.n++
	i := len(c.digits) - 1
	for ; i >= c.first && c.digits[i] == '9'; i-- {
		c.digits[i] = '0'
	}
	if i < c.first {
		c.first, c.digits[i] = i, '0'
	}
	c.digits[i]++
	return c.n
}

// append appends n and the end of a header line. It is fast for the latest number.
func (c *counter) append(dst []byte, n uint64) []byte {
	if n != c.n {
		return appendNumber(dst, n)
	}
	return append(append(dst, c.digits[c.first:]...), '\n')
}

// appendNumber appends n and the end of a header line.
func appendNumber(dst []byte, n uint64) []byte {
	return append(strconv.AppendUint(dst, n, 10), '\n')
}

// parsePair parses two numbers with a dash between them: the ids that we write, of messages
// (destination and sequence) and of deliveries (slot and tag).
func parsePair(text []byte) (a, b uint64, ok bool) {
	i := bytes.IndexByte(text, '-')
	if i < 0 {
		return 0, 0, false
	}
	a, ok1 := parseDecimal(text[:i])
	b, ok2 := parseDecimal(text[i+1:])
	return a, b, ok1 && ok2
}

// parseDecimal parses a number as we write it: digits, no leading zero.
func parseDecimal(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 19 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, true
}
