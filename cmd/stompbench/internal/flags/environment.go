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

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// FromEnvironment sets flags that the command line does not set. It refuses a variable that matches
// no flag of any command next to cmd: a run that ignored it would measure something other than
// intended.
func FromEnvironment(cmd *cobra.Command) (err error) {
	if err := checkEnvironment(cmd.Root()); err != nil {
		return err
	}
	f := cmd.Flags()
	f.VisitAll(func(flag *pflag.Flag) {
		name := envName(flag.Name)
		text := os.Getenv(name)
		if flag.Changed || text == "" || err != nil || onlyTyped[flag.Name] {
			return
		}
		if e := f.Set(flag.Name, text); e != nil {
			err = Usage("environment variable %s: %v", name, reason(e))
		}
	})
	return err
}

// ofService matches the variables that Kubernetes sets in every container for a service named
// stompbench or stompbench-something.
var ofService = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

func checkEnvironment(root *cobra.Command) error {
	known := map[string]bool{passcodeEnv: true}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { known[envName(flag.Name)] = true })
	}
	var unknown []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, envPrefix) && !known[name] && !ofService.MatchString(name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return Usage("environment variable %s stands for no flag: unset it, or see stompbench --help-all for the names", slices.Min(unknown))
}
