package flags

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envPrefix is the prefix of the environment variables that set flags: STOMPBENCH_CONSUME_FROM for
// --consume-from.
const envPrefix = "STOMPBENCH_"

// passcodeEnv is the variable for a password that must not be visible in a list of processes.
const passcodeEnv = envPrefix + "PASSCODE"

// onlyTyped are the flags that ask for something other than a run, and that no variable can set.
var onlyTyped = map[string]bool{"help": true, "help-all": true, "version": true}

// ofService matches the variables that Kubernetes sets in every container for a service named
// stompbench or stompbench-something.
var ofService = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// Read applies the environment and then the scenario file to the flags of a command. Flags that are
// set already keep their value.
func (l *Load) Read(cmd *cobra.Command) error {
	if err := FromEnvironment(cmd); err != nil || l.scenario == "" {
		return err
	}
	return Scenario{Flag: "scenario", Path: l.scenario}.Apply(cmd.Flags())
}

// FromEnvironment sets flags that the command line does not set. It refuses a variable that matches
// no flag of any command next to cmd: a run that ignored it would measure something other than
// intended.
func FromEnvironment(cmd *cobra.Command) error {
	flagOf := map[string]string{passcodeEnv: ""}
	for _, any := range cmd.Root().Commands() {
		any.Flags().VisitAll(func(flag *pflag.Flag) {
			flagOf[envPrefix+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))] = flag.Name
		})
	}
	f := cmd.Flags()
	for _, variable := range slices.Sorted(slices.Values(os.Environ())) {
		name, text, _ := strings.Cut(variable, "=")
		flag, known := flagOf[name]
		switch {
		case !strings.HasPrefix(name, envPrefix), ofService.MatchString(name):
		case !known:
			return Usage("environment variable %s stands for no flag: unset it, or see stompbench --help-all for the names", name)
		case text != "" && f.Lookup(flag) != nil && !f.Changed(flag) && !onlyTyped[flag]:
			if err := assign(f, flag, text); err != nil {
				return Usage("environment variable %s: %v", name, err)
			}
		}
	}
	return nil
}
