package broker

import (
	"errors"
	"fmt"
	"slices"
)

// Permission is what a user may do with which destinations. A pattern is the name of
// one, octet by octet, or has a * that stands for any text, even none: "/queue/a",
// "/topic/prices.*", "*". nil is every destination, an empty list is none.
//
// The temporary destinations of a connection are always its own to use; those of
// others are replied to under the name that the reply-to header has, such as
// /temp-queue/@7/replies, which Write has to allow.
//
// To refuse a message with NACK takes no more than the right to read it. The dead
// letter queue that it ends in has messages of that destination only; Read has to
// allow it by its name, such as /queue/DLQ.orders or DLQ./topic/prices.
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

// matches reports whether name is what pattern says. It takes no more steps than the
// product of their lengths, whatever they are.
func matches(pattern string, name []byte) bool {
	star, from := -1, 0 // the latest *, and where in name its text is tried to end
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

// forbidden is the answer to what the session may not do.
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
