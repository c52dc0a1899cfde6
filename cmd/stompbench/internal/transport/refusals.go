package transport

import (
	"context"
	"errors"
	"log/slog"

	"github.com/stompwire/stompwire/conn"
)

// refusals is a logger that passes on the ERRORs that the client logs, which are those
// that answer no particular call. conn.Config.Trace reports them, too, but copies every
// frame that is sent.
func refusals(onError func(error)) *slog.Logger {
	return slog.New(refusalHandler{slog.DiscardHandler, onError})
}

type refusalHandler struct {
	slog.Handler
	onError func(error)
}

func (refusalHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

func (h refusalHandler) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		err, _ := a.Value.Any().(error)
		var refusal *conn.ServerError
		if errors.As(err, &refusal) {
			h.onError(refusal)
		}
		return refusal == nil
	})
	return nil
}
