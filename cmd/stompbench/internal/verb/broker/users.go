package broker

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/stompwire/stompwire/broker"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/flags"
)

// readUsers fills cfg from a file such as
//
//	{
//	  "shop": {"passcode": "s3cret", "write": ["/queue/orders.*"], "read": ["/topic/prices"]},
//	  "root": {"passcode": "r00t"}
//	}
//
// Without read or write a user may read or write everything. Errors quote only logins from the
// file.
func readUsers(path string, cfg *broker.Config) error {
	text, err := flags.ReadFile("users", path, 16<<20)
	if err != nil {
		return err
	}
	var users map[string]*struct {
		Passcode    *string
		Read, Write []string
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&users); err != nil || users == nil || dec.Decode(new(any)) != io.EOF {
		return flags.Usage(`--users %s is not one JSON object such as {"login": {"passcode": "...", "read": ["/queue/*"], "write": []}}: see what is before byte %d`, path, dec.InputOffset())
	}
	cfg.Users, cfg.Permissions = map[string]string{}, map[string]broker.Permission{}
	for login, u := range users {
		if u == nil || u.Passcode == nil {
			return flags.Usage("--users %s: user %q has no passcode", path, login)
		}
		cfg.Users[login] = *u.Passcode
		cfg.Permissions[login] = broker.Permission{Read: u.Read, Write: u.Write}
	}
	return nil
}
