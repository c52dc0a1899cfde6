// Package cli is the command line of stompbench: the list of its verbs, their help, completion and
// manual. Each verb is a package below package verb.
//
// Imports: cobra, for the tree of commands, suggestions and completion; and the verbs.
package cli
