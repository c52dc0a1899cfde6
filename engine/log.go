package engine

import (
	"context"
	"fmt"
	"log/slog"
)

// logger passes what gnet says on to the user's logger, or to nobody. Without it
// gnet prints to stderr. Its debug and info lines are about gnet's own life.
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
