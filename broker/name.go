package broker

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

const (
	prefixQueue     = "/queue/"
	prefixTopic     = "/topic/"
	prefixTempQueue = "/temp-queue/"
	prefixTempTopic = "/temp-topic/"

	// The prefixes of dead letter queues.
	prefixDeadLetters  = "/queue/DLQ." // for destinations that begin with /queue/
	prefixOtherLetters = "DLQ."        // for all others
)

// isTopicName reports whether messages to name are fanned out. Every other name is
// a queue.
func isTopicName(name string) bool {
	return strings.HasPrefix(name, prefixTopic) || strings.HasPrefix(name, prefixTempTopic)
}

// isTemp reports whether name is temporary: private to a connection.
func isTemp(name []byte) bool {
	return bytes.HasPrefix(name, []byte(prefixTempQueue)) || bytes.HasPrefix(name, []byte(prefixTempTopic))
}

// A temporary name is made unique by the number of its session behind the prefix: /temp-queue/a of
// session 7 is /temp-queue/@7/a for all other sessions.
const tempMark = '@'

// splitTemp splits a temporary name behind its prefix.
func splitTemp(name []byte) (prefix, rest []byte) {
	n := len(prefixTempQueue) // both prefixes have this length
	return name[:n], name[n:]
}

// appendPublic appends the name by which other sessions know the temporary name that session number
// uses. A name that is public already is appended unchanged.
func appendPublic(dst, name []byte, number uint64) []byte {
	prefix, rest := splitTemp(name)
	dst = append(dst, prefix...)
	if len(rest) == 0 || rest[0] != tempMark {
		dst = append(dst, tempMark)
		dst = strconv.AppendUint(dst, number, 10)
		dst = append(dst, '/')
	}
	return append(dst, rest...)
}

// ownsTemp reports whether the public temporary name belongs to session number.
func ownsTemp(name []byte, number uint64) bool {
	_, rest := splitTemp(name)
	owner, _, found := bytes.Cut(rest, []byte("/"))
	return found && string(owner) == string(tempMark)+strconv.FormatUint(number, 10)
}

// deadLetterName returns the queue for messages of name that were refused too often. No two
// destinations share one, because the right to read one does not imply the right to read the other.
// For the same reason a pattern such as /queue/* matches no dead letter queue of a topic.
func deadLetterName(name string) string {
	if rest, found := strings.CutPrefix(name, prefixQueue); found {
		return prefixDeadLetters + rest
	}
	return prefixOtherLetters + name
}

// isDeadLetters reports whether name is a dead letter queue: its messages are moved no further.
func isDeadLetters[T string | []byte](name T) bool {
	return strings.HasPrefix(string(name), prefixDeadLetters) || strings.HasPrefix(string(name), prefixOtherLetters)
}

var (
	errNameTooLong = errors.New("destination name is too long")
	errNameEmpty   = errors.New("empty destination name")
	errWildcard    = errors.New("wildcard in a destination")
)

// checkName returns why no destination may have that name, nil if one may.
func checkName(name []byte) error {
	switch {
	case isTooLong(name):
		return errNameTooLong
	case isEmptyName(name):
		return errNameEmpty
	case isWildcard(name):
		return errWildcard
	}
	return nil
}

// isEmptyName reports whether name has nothing behind its prefix, or behind the owner in a
// temporary name.
func isEmptyName(name []byte) bool {
	if !isTemp(name) {
		return string(name) == prefixQueue || string(name) == prefixTopic
	}
	_, rest := splitTemp(name)
	if len(rest) > 0 && rest[0] == tempMark {
		_, after, found := bytes.Cut(rest, []byte("/"))
		return found && len(after) == 0
	}
	return len(rest) == 0
}

// isWildcard reports whether a real broker takes name for a pattern: whether *, > or # stands alone
// between two dots or slashes. ActiveMQ knows * and >, Artemis and the topics of RabbitMQ know *
// and #.
func isWildcard(name []byte) bool {
	for i, c := range name {
		if (c == '*' || c == '>' || c == '#') && (i == 0 || isSeparator(name[i-1])) && (i+1 == len(name) || isSeparator(name[i+1])) {
			return true
		}
	}
	return false
}

func isSeparator(c byte) bool { return c == '.' || c == '/' }

// isTooLong reports whether name is too long for a destination. The bound leaves room for the name
// of its dead letter queue, and in a temporary name for the owner.
func isTooLong(name []byte) bool {
	return len(name) > maxName && (!isDeadLetters(name) || len(name) > maxName+maxDeadName)
}

const maxDeadName = len(prefixOtherLetters) + len("@18446744073709551615/")
