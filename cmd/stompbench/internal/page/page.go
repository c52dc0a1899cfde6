package page

import (
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"html/template"
	"io"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

//go:embed page.tmpl
var pageText string

//go:embed style.css
var styleText string

//go:embed plot.js
var plotText string

//go:embed page.js
var scriptText string

// Run is a result and its name on the page.
type Run struct {
	Name   string
	Result *results.Result
}

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Write writes the page of one or several runs.
func Write(w io.Writer, runs []Run) error {
	script := "\"use strict\";\n" + plotText + scriptText
	view := viewOf(runs)
	view.Style, view.StyleHash = template.CSS(styleText), hash(styleText)
	view.Script, view.ScriptHash = template.JS(script), hash(script)
	return pageTemplate.Execute(w, view)
}

// hash returns the hash of a style or script for the page's Content-Security-Policy. The browser
// then runs nothing else, whatever text a broker sends.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
