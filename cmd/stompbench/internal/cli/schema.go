package cli

import (
	"context"

	"github.com/stompwire/stompwire/cmd/stompbench/schema"
)

// schema is the verb schema: it prints the JSON Schema of result.json.
func (c *command) schema(_ context.Context, args []string) int {
	if len(args) > 0 {
		if args[0] == "--help" || args[0] == "-h" {
			return c.help()
		}
		return c.fail(usage("schema takes no arguments: it prints the JSON Schema of result.json"))
	}
	return c.print(string(schema.ResultV1))
}
