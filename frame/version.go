package frame

import "strings"

// Version is a version of the protocol. The zero value means that none has been agreed on yet; a
// codec treats it as 1.2 (CONNECT, STOMP and CONNECTED are the same in every version).
type Version uint8

// The versions, in ascending order, so that they can be compared.
const (
	Version10 Version = 1 + iota
	Version11
	Version12
)

// String returns the version as it is written in headers: "1.0", "1.1", "1.2".
func (v Version) String() string {
	switch v {
	case Version10:
		return "1.0"
	case Version11:
		return "1.1"
	case Version12:
		return "1.2"
	}
	return "none"
}

// ParseVersion returns the version that s spells, 0 if we do not know it.
func ParseVersion(s string) Version {
	switch s {
	case "1.0":
		return Version10
	case "1.1":
		return Version11
	case "1.2":
		return Version12
	}
	return 0
}

// Versions is a set of versions.
type Versions uint8

// AllVersions has 1.0, 1.1 and 1.2.
const AllVersions = Versions(1<<Version10 | 1<<Version11 | 1<<Version12)

// VersionsOf returns the set of the given versions.
func VersionsOf(vs ...Version) Versions {
	var set Versions
	for _, v := range vs {
		set |= 1 << v
	}
	return set & AllVersions
}

// ParseVersions parses the value of an accept-version header: versions with commas between them.
// Unknown versions are skipped, because a peer may know later ones. An absent header means 1.0
// (STOMP 1.2, Protocol Negotiation): pass "1.0", or see [Header.AcceptVersions].
func ParseVersions(list string) Versions {
	var set Versions
	for name := range strings.SplitSeq(list, ",") {
		if v := ParseVersion(strings.TrimSpace(name)); v != 0 {
			set |= 1 << v
		}
	}
	return set
}

// Has reports whether v is in the set.
func (s Versions) Has(v Version) bool { return v != 0 && s&(1<<v) != 0 }

// Highest returns the highest version of the set, 0 for an empty one. The
// version of a session is the highest that both sides have:
// (ours & theirs).Highest().
func (s Versions) Highest() Version {
	for v := Version12; v >= Version10; v-- {
		if s.Has(v) {
			return v
		}
	}
	return 0
}

// String returns the set as an accept-version header: ascending, with commas and no blanks.
func (s Versions) String() string {
	names := make([]string, 0, 3)
	for v := Version10; v <= Version12; v++ {
		if s.Has(v) {
			names = append(names, v.String())
		}
	}
	return strings.Join(names, ",")
}
