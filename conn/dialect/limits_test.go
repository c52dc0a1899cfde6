package dialect_test

import (
	"testing"

	"github.com/stompwire/stompwire/conn/dialect"
	"github.com/stompwire/stompwire/frame"
)

// A client with these limits can take every message of every broker, after escaping
// and with the headers that the broker adds.
func TestLimitsHoldWhatBrokersDeliver(t *testing.T) {
	got := dialect.Limits()
	if err := got.Validate(); err != nil || got != got.WithDefaults() {
		t.Errorf("%+v: %v", got, err)
	}
	for _, b := range all {
		d := b.Dialect().Delivers
		if got.Headers < d.Headers+12 || got.HeaderLine < 2*d.HeaderLine || got.HeaderBlock < 2*d.HeaderBlock || got.Body < d.Body {
			t.Errorf("%v delivers %+v; the limits are %+v", b, d, got)
		}
	}
	if def := (frame.Limits{}).WithDefaults(); got.Command != def.Command || got.HeaderBlock < got.HeaderLine {
		t.Errorf("%+v", got)
	}
}
