package completion

// Command is a program with verbs.
type Command struct {
	Name    string
	Summary string
	Verbs   []Verb // the first one is the default
	Exits   []Exit
	Notes   []string // paragraphs at the end of the manual
}

// Verb is one verb of a Command.
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
	Kind         string   // the name of the value; empty for a flag without one
	Default      string   // empty if there is none to show
	Values       []string // the possible values; nil for any
	Dir          bool     // the value is a directory
}

// Exit is an exit code and its meaning.
type Exit struct {
	Code    int
	Meaning string
}

// Shells that Script knows.
var Shells = []string{"bash", "zsh", "fish"}
