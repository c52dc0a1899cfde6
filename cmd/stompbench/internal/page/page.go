package page

import (
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"html/template"
	"io"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/results"
)

var (
	//go:embed page.tmpl
	pageText string
	//go:embed search.tmpl
	searchText string
	//go:embed style.css
	styleText string
	//go:embed uplot/uPlot.min.css
	uplotStyle string
	//go:embed uplot/uPlot.iife.min.js
	uplotText string
	//go:embed plot.js
	plotText string
	//go:embed page.js
	scriptText string
)

var (
	pageTemplate   = template.Must(template.New("page").Parse(pageText))
	searchTemplate = template.Must(template.Must(pageTemplate.Clone()).New("search").Parse(searchText))
)

// Run is a result and its name on the page.
type Run struct {
	Name   string
	Result *results.Result
}

// Write writes the page of one or several runs.
func Write(w io.Writer, runs []Run) error { return pageTemplate.Execute(w, viewOf(runs)) }

// head is what the templates need besides the data of the page.
type head struct {
	Title, Tool, Policy string
	Style               template.CSS
	Script              template.JS
	Data                any // of the plots
}

// headOf returns the head of a page. The Content-Security-Policy has the hashes of its style and
// script: the browser then runs and loads nothing else, whatever text a broker sends. The style
// elements of uPlot are set by its script, which the policy permits.
func headOf(title, tool string, data any) head {
	style, script := uplotStyle+styleText, "\"use strict\";\n"+uplotText+plotText+scriptText
	return head{
		Title: title, Tool: tool, Style: template.CSS(style), Script: template.JS(script), Data: data,
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
			"style-src " + hash(style) + "; script-src " + hash(script),
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
