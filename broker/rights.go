package broker

import (
	"errors"
	"fmt"
	"slices"
)

// Permission says which destinations a user may read and write. A pattern is the name of one, octet
// by octet, or has a * that stands for any text, even none: "/queue/a", "/topic/prices.*", "*". nil
// is every destination, an empty list is none.
//
// A connection may always use its own temporary destinations. Other users reply to them under the
// name that the reply-to header has, such as /temp-queue/@7/replies, which their Write has to
// allow.
//
// To refuse a message with NACK takes no more than the right to read it. The dead letter queue that
// it ends in has messages of that destination only. Read has to allow that queue by its name, such
// as /queue/DLQ.orders or DLQ./topic/prices.
type Permission struct {
	Read  []string // may be subscribed to
	Write []string // may be sent to
}

// rights are the permission of a user, for all of its sessions. nil allows all.
type rights struct {
	read, write patterns
}

func newRights(p Permission) *rights {
	if p.Read == nil && p.Write == nil {
		return nil
	}
	return &rights{newPatterns(p.Read), newPatterns(p.Write)}
}

// patterns match names; nil matches all.
type patterns []string

func newPatterns(list []string) patterns {
	if list == nil {
		return nil
	}
	return append(patterns{}, list...)
}

func (ps patterns) match(name []byte) bool {
	return ps == nil || slices.ContainsFunc(ps, func(p string) bool { return matches(p, name) })
}

// matches reports whether pattern matches name. It takes at most as many steps as the product of
// their lengths.
func matches(pattern string, name []byte) bool {
	star, from := -1, 0 // the latest *, and the end of the text in name that it is tried for
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// mayWrite reports whether the session may send to name.
func (s *session) mayWrite(name []byte) bool {
	if s.rights == nil || s.written != "" && s.written == string(name) {
		return true
	}
	if !s.ownsTemp(name) && !s.rights.write.match(name) {
		return false
	}
	if len(name) <= maxName {
		s.written = string(name)
	}
	return true
}

// mayRead reports whether the session may subscribe to name.
func (s *session) mayRead(name []byte) bool {
	return s.rights == nil || s.ownsTemp(name) || s.rights.read.match(name)
}

func (s *session) ownsTemp(name []byte) bool {
	_, mine := s.publicName(name)
	return mine
}

// forbidden is the answer to a frame that the user has no right to send.
func (s *session) forbidden(verb string) refusal {
	return refusal{"access refused", fmt.Sprintf("This user may not %s this destination.", verb)}
}

var errNoUsers = errors.New("broker: there are permissions for a login that is no user's")

func (c Config) validatePermissions() error {
	for login, p := range c.Permissions {
		if _, ok := c.Users[login]; !ok {
			return errNoUsers
		}
		if slices.Contains(p.Read, "") || slices.Contains(p.Write, "") {
			return fmt.Errorf("broker: a pattern of user %q is empty", login)
		}
	}
	return nil
}
