//go:build !amd64 || purego

package parser

const vectorised = false
