package engine

import (
	"context"
	"fmt"
	"log/slog"
)

// logger passes gnet's warnings and errors to the user's logger, and discards them if there is
// none. Without it gnet prints to stderr. gnet's debug and info lines describe gnet itself and are
// dropped.
type logger struct {
	to *slog.Logger
}

func (logger) Debugf(string, ...any) {}
func (logger) Infof(string, ...any)  {}

func (l logger) Warnf(format string, args ...any)  { l.log(slog.LevelWarn, format, args) }
func (l logger) Errorf(format string, args ...any) { l.log(slog.LevelError, format, args) }
func (l logger) Fatalf(format string, args ...any) { l.log(slog.LevelError, format, args) }

func (l logger) log(level slog.Level, format string, args []any) {
	if l.to != nil {
		l.to.Log(context.Background(), level, fmt.Sprintf(format, args...), "from", "gnet")
	}
}
