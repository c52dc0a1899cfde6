package dial

import (
	"fmt"
	"strings"
)

// AddressError says what is wrong with an address or a URI. It quotes nothing but the
// names of options: any other part of a malformed URI may be a part of a password.
type AddressError struct {
	Member  int    // which address of a failover list, from 1; 0 if there is no list
	Part    string // "scheme", "user", "host", "port", "path", "list", "options", `option "timeout"`
	Problem string // continues the sentence that Part starts
}

func (e *AddressError) Error() string {
	which := ""
	if e.Member > 0 {
		which = fmt.Sprintf(" %d", e.Member)
	}
	return fmt.Sprintf("stomp: broker address%s: %s %s", which, e.Part, e.Problem)
}

func problem(part, what string) *AddressError { return &AddressError{Part: part, Problem: what} }

// unknownOption quotes the name of an option only if it looks like one.
func unknownOption(name string) *AddressError {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ."
	if name == "" || len(name) > 40 || strings.Trim(name, letters) != "" {
		return problem("options", "contain something that is not name=value")
	}
	return problem(fmt.Sprintf("option %q", name), "is unknown")
}

// ofMember adds to err which member of a list it is about.
func ofMember(err error, member int) error {
	if e, ok := err.(*AddressError); ok {
		e.Member = member
	}
	return err
}
