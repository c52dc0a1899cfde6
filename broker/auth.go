package broker

import (
	"crypto/sha256"
	"crypto/subtle"
)

// user is one login.
type user struct {
	digest [sha256.Size]byte // of the passcode
	rights *rights           // nil for all
	pace   *pace             // of all connections together; nil for no rate

	connections int // guarded by Broker.mu
}

// users maps logins to users. nil accepts any login.
type users map[string]*user

func newUsers(cfg Config) users {
	if cfg.Users == nil {
		return nil
	}
	all := make(users, len(cfg.Users))
	for login, passcode := range cfg.Users {
		u := &user{digest: sha256.Sum256([]byte(passcode)), pace: newPace(cfg.UserRate)}
		if p, ok := cfg.Permissions[login]; ok {
			u.rights = newRights(p)
		}
		all[login] = u
	}
	return all
}

// unknownUser is compared with if the login does not exist, so that this takes as long as a wrong
// passcode.
var unknownUser user

// find returns the user with this login and passcode. It takes the same time for a wrong passcode
// of any length and for a login that does not exist.
func (all users) find(login, passcode []byte) (u *user, ok bool) {
	if all == nil {
		return nil, true
	}
	u, known := all[string(login)]
	if !known {
		u = &unknownUser
	}
	got := sha256.Sum256(passcode)
	return u, subtle.ConstantTimeCompare(u.digest[:], got[:]) == 1 && known
}
