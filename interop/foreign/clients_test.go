package foreign

import (
	"fmt"
	"os"
	"path/filepath"
)

// client is one client library and the program that uses it.
type client struct {
	name     string   // of its subtests, and of what -client selects
	source   string   // where its releases come from, for the table
	command  []string // the program; for Go it is this test binary, see main_test.go
	needs    string   // what install.sh makes when it is done
	env      []string
	versions []string
	over     transport

	deviations []deviation
	remarks    []remark
}

// transport is what STOMP is spoken over.
type transport string

const (
	tcp       transport = "TCP"
	webSocket transport = "WebSocket"
)

// deviation is something that a client does wrong by itself. The feature has to fail,
// and to say so in these words: a deviation that is gone must go from here too.
type deviation struct {
	versions []string
	feature  string
	sign     string // in what the program prints
	note     string // for the table
}

// remark is what one has to know to use a feature that works.
type remark struct{ feature, note string }

func only(versions ...string) []string { return versions }

var allVersions = []string{"1.0", "1.1", "1.2"}

// stompjsDeviations are the same over any transport.
var stompjsDeviations = []deviation{
	{only("1.1"), "headers", `malformed frame`, "stompjs escapes on 1.2 only, and not on 1.1."},
	{only("1.1"), "backslash", `verdict is`, "stompjs escapes on 1.2 only, and not on 1.1."},
	{only("1.2"), "backslash", `the note is`, "stompjs undoes escapes one kind after the other, and so takes a backslash and what follows it for an escape."},
}

var clients = []client{
	{
		name: "python3-stomp", source: "Debian `python3-stomp`",
		command:  []string{"/usr/bin/python3", "programs/stomppy.py"},
		versions: allVersions, over: tcp,
		deviations: []deviation{
			{only("1.0"), "backslash", "new:ode", "stomp.py undoes escapes on 1.0 too, which has none."},
		},
	},
	{
		name: "stomp.py", source: "PyPI",
		command:  []string{installed("venv/bin/python"), "programs/stomppy.py"},
		needs:    installed("venv/installed"),
		versions: allVersions, over: tcp,
		deviations: []deviation{
			{only("1.0"), "backslash", "new:ode", "stomp.py undoes escapes on 1.0 too, which has none."},
		},
	},
	{
		name: "stomp.py-ws", source: "PyPI",
		command:  []string{installed("venv/bin/python"), "programs/stomppy.py"},
		needs:    installed("venv/installed"),
		versions: only("1.2"), over: webSocket,
	},
	{
		name: "ruby-stomp", source: "Debian `ruby-stomp`",
		command:  []string{"ruby", "programs/ruby_stomp.rb"},
		versions: allVersions, over: tcp,
		deviations: []deviation{
			{only("1.0"), "backslash", "new:ode", "ruby-stomp undoes escapes on 1.0 too, which has none."},
			{only("1.1", "1.2"), "backslash", "new:ode", "ruby-stomp undoes escapes one kind after the other, and so takes a backslash and what follows it for an escape."},
		},
	},
	{
		name: "Net-Stomp", source: "Debian `libnet-stomp-perl`",
		command:  []string{"perl", "programs/net_stomp.pl"},
		versions: allVersions, over: tcp,
		deviations: []deviation{
			{only("1.1", "1.2"), "headers", `ERROR malformed frame`, "Net::Stomp knows no escapes. Values without backslash, colon and line break are the same with and without."},
			{only("1.1", "1.2"), "backslash", `verdict is`, "Net::Stomp knows no escapes. Values without backslash, colon and line break are the same with and without."},
		},
	},
	{
		name: "stompjs", source: "npm `@stomp/stompjs`",
		command:  []string{"node", "programs/stompjs.js"},
		needs:    installed("node/installed"),
		env:      []string{"NODE_PATH=" + installed("node/node_modules")},
		versions: allVersions, over: tcp,
		deviations: stompjsDeviations,
	},
	{
		name: "stompjs-ws", source: "npm `@stomp/stompjs`",
		command:  []string{"node", "programs/stompjs.js"},
		needs:    installed("node/installed"),
		env:      []string{"NODE_PATH=" + installed("node/node_modules")},
		versions: allVersions, over: webSocket,
		deviations: stompjsDeviations,
	},
	{
		name: "stompit", source: "npm",
		command:  []string{"node", "programs/stompit.js"},
		needs:    installed("node/installed"),
		env:      []string{"NODE_PATH=" + installed("node/node_modules")},
		versions: allVersions, over: tcp,
	},
	{
		name: "go-stomp", source: "Go module `github.com/go-stomp/stomp/v3`",
		command:  []string{self()},
		env:      []string{programVariable + "=go-stomp"},
		versions: allVersions, over: tcp,
		deviations: []deviation{
			{only("1.0"), "headers", `verdict is`, "go-stomp escapes on 1.0 too, which has no escapes."},
			{only("1.0"), "backslash", `verdict is`, "go-stomp escapes on 1.0 too, which has no escapes."},
		},
		remarks: []remark{
			{"topic", "go-stomp looks up subscription ids and its own receipt ids, which are numbers, in one table: ids of one's own should be no numbers."},
			{"unsubscribe", "go-stomp's Unsubscribe may miss the receipt when it comes at once, and then fails after 30 s. The channel is closed in time."},
		},
	},
	{
		name: "stompngo", source: "Go module `github.com/gmallard/stompngo`",
		command:  []string{self()},
		env:      []string{programVariable + "=stompngo"},
		versions: allVersions, over: tcp,
		deviations: []deviation{
			{only("1.0"), "backslash", "new:ode", "stompngo undoes escapes on 1.0 too, which has none."},
			{only("1.1", "1.2"), "backslash", "new:ode", "stompngo undoes escapes one kind after the other, and so takes a backslash and what follows it for an escape."},
		},
		remarks: []remark{
			{"disconnect", "stompngo's Disconnect does not always wait for its receipt. Wait for the end of the connection instead."},
		},
	},
}

// installed returns where install.sh has put something.
func installed(path string) string {
	state := os.Getenv("STOMPWIRE_CLIENTS_STATE")
	if state == "" {
		state = filepath.Join(os.TempDir(), fmt.Sprintf("stompwire-clients-%d", os.Getuid()))
	}
	return filepath.Join(state, path)
}

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err) // a test binary that does not know where it is
	}
	return path
}
