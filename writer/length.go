package writer

import (
	"strconv"

	"github.com/stompwire/stompwire/frame"
)

// noLength as the length of a body means that any content-length is refused.
const noLength = -1

// lengthPrefix is the beginning of the content-length line.
const lengthPrefix = frame.HeaderContentLength + ":"

// maxUint is the maximum number of decimal digits of a uint64.
const maxUint = 20

// pairs holds the digits of 0 to 99.
const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" +
	"30313233343536373839" + "40414243444546474849" + "50515253545556575859" +
	"60616263646566676869" + "70717273747576777879" + "80818283848586878889" + "90919293949596979899"

// AppendContentLength appends the content-length line of a body of n bytes. A
// negative n counts as 0.
func AppendContentLength(dst []byte, n int) []byte {
	return appendLength(dst, uint64(max(n, 0)))
}

func appendLength(dst []byte, n uint64) []byte {
	dst = append(dst, lengthPrefix...)
	dst = strconv.AppendUint(dst, n, 10)
	return append(dst, '\n')
}

// putUint writes n to the beginning of p, which must have room for maxUint digits, and returns the
// number of digits. Most bodies are below 10,000 bytes, and for them it takes a third of the time
// of strconv.
func putUint(p []byte, n uint64) int {
	switch {
	case n < 10:
		p[0] = '0' + byte(n)
		return 1
	case n < 100:
		return copy(p[:2], pairs[2*n:2*n+2])
	case n < 1000:
		p[0] = '0' + byte(n/100)
		n %= 100
		return 1 + copy(p[1:3], pairs[2*n:2*n+2])
	case n < 10000:
		q, r := n/100, n%100
		copy(p[:2], pairs[2*q:2*q+2])
		return 2 + copy(p[2:4], pairs[2*r:2*r+2])
	}
	return len(strconv.AppendUint(p[:0], n, 10))
}

// givesLength reports whether value is n as we would write it. Nothing else is accepted: readers
// disagree on "+3" and " 3", and then on where the frame ends.
func givesLength(value string, n int64) bool {
	var digits [maxUint]byte
	return n >= 0 && value == string(digits[:putUint(digits[:], uint64(n))])
}
