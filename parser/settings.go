package parser

import (
	"math"

	"github.com/stompwire/stompwire/frame"
)

// settings is the caller's fields and the values derived from them, computed once and not for every
// frame.
type settings struct {
	version   frame.Version
	tolerate  Tolerance
	threshold int
	given     frame.Limits

	limits frame.Limits // with defaults; never zero once computed
	rules  rules
	blocks int   // how many whole blocks of a header block are within its limits
	gather int64 // a body longer than this is streamed
	most   int   // maximum length of a body that is not streamed
}

func newSettings(p *Parser) (s settings) {
	s = settings{version: p.Version, tolerate: p.Tolerate, threshold: p.streaming.threshold, given: p.Limits}
	s.limits = p.Limits.WithDefaults()
	s.rules = frameRules(p.Version, p.Tolerate)
	s.blocks = min(s.limits.HeaderLine, s.limits.HeaderBlock) / blockSize
	s.gather, s.most = math.MaxInt64, s.limits.Body
	if s.threshold > 0 {
		s.most = min(s.threshold, s.limits.Body)
		s.gather = int64(s.most)
	}
	return s
}

// hold reports whether s is still right for the fields of p. Comparing one by one costs less than
// comparing structs, which calls a function.
func (s *settings) hold(p *Parser) bool {
	l := &p.Limits
	return s.version == p.Version && s.tolerate == p.Tolerate && s.threshold == p.streaming.threshold &&
		s.limits.Command != 0 && s.given.Command == l.Command && s.given.HeaderLine == l.HeaderLine &&
		s.given.Headers == l.Headers && s.given.HeaderBlock == l.HeaderBlock && s.given.Body == l.Body
}
