package completion

// Command is a program with verbs.
type Command struct {
	Name    string
	Summary string
	Verbs   []Verb // the first is the one without a verb
	Exits   []Exit
	Notes   []string // paragraphs at the end of the manual
}

// Verb is one of its commands.
type Verb struct {
	Name, Summary string
	Flags         []Flag
	Args          []string // words that may follow
	Dirs          bool     // directories follow
}

// Flag is one of a verb's flags.
type Flag struct {
	Name, Letter string // without dashes; Letter may be empty
	Help         string
	Kind         string   // what the value is called; empty for one without
	Default      string   // empty if there is none to tell of
	Values       []string // those that it can have; nil for any
	Dir          bool     // the value is a directory
}

// Exit is an exit code and what it stands for.
type Exit struct {
	Code    int
	Meaning string
}

// Shells that Script knows.
var Shells = []string{"bash", "zsh", "fish"}
