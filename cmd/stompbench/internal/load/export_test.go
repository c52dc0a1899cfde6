package load

import "time"

type Standstills = standstills

func (s *Standstills) Look(from, now int64, every time.Duration) { s.look(from, now, every) }
func (s Standstills) Since(from int64) time.Duration             { return s.since(from) }
