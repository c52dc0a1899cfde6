package cli

import (
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// judgement is the values of the flags that say how a run is judged and watched.
type judgement struct {
	slo           slo.SLO
	acceptLimited bool
	export        export
}

func (j *judgement) addFlags(f *flags) {
	f.add("slo", "", "*CONDITIONS", "", "what the run is to achieve, such as 'from_due.p99<20ms,lost=0,sent_per_s>=10k'; exit code 99 if it does not",
		parsed(&j.slo, slo.Parse))
	f.flag(&j.acceptLimited, "accept-generator-limit", "", "", "do not end with exit code 4 when it was the generator that could not keep the rate")
	j.export.addFlags(f)
}
