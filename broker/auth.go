package broker

import (
	"crypto/sha256"
	"crypto/subtle"
)

// users holds a digest of each passcode by login. nil lets anybody in.
type users map[string][sha256.Size]byte

func newUsers(passcodes map[string]string) users {
	if passcodes == nil {
		return nil
	}
	u := make(users, len(passcodes))
	for login, passcode := range passcodes {
		u[login] = sha256.Sum256([]byte(passcode))
	}
	return u
}

// allow reports whether passcode belongs to login. It takes the same time for a
// wrong passcode of any length, and for a login that does not exist.
func (u users) allow(login, passcode []byte) bool {
	if u == nil {
		return true
	}
	want, known := u[string(login)]
	got := sha256.Sum256(passcode)
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && known
}
