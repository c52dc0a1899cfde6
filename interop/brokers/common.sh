# shellcheck shell=bash
# What all brokers share: the state folder, daemons known by pid and start time, and the CONNECT probe.

export LC_ALL=C.UTF-8
OFFSET=${STOMPWIRE_PORT_OFFSET:-0}
[[ $OFFSET =~ ^[0-9]{1,4}$ ]] && ((10#$OFFSET <= 3700)) || {
  echo "brokers.sh: STOMPWIRE_PORT_OFFSET is not a number up to 3700, where ports end: $OFFSET" >&2
  exit 1
}
OFFSET=$((10#$OFFSET))
SHARED=${STOMPWIRE_BROKERS_STATE:-${TMPDIR:-/tmp}/stompwire-brokers-$UID} # what is installed serves all instances
[[ $SHARED == /* ]] || SHARED=$PWD/$SHARED # daemons change their folder
STATE=$SHARED
((OFFSET == 0)) || STATE=$SHARED-$OFFSET
declare -A PORT=([rabbitmq]=$((61613 + OFFSET)) [activemq]=$((61713 + OFFSET)) [artemis]=$((61813 + OFFSET)))
# All of these are for machines that do something else at the time.
BOOT_SECONDS=300
STOP_SECONDS=90
ANSWER_SECONDS=60
LOCK_SECONDS=900
LOGIN_SECONDS=180 # that each broker gives a client from the first packet to CONNECT

say() { printf '%s\n' "$*"; }
die() {
  say "brokers.sh: $*" >&2
  exit 1
}

# with_state makes the state folder and holds its lock, so that two runs do not start the same broker twice.
with_state() {
  [[ $STATE != *[[:space:]]* ]] || die "no blanks are possible in the name of the state folder: $STATE"
  mkdir -p "$STATE"
  [ -O "$STATE" ] || die "$STATE belongs to someone else; set STOMPWIRE_BROKERS_STATE"
  chmod 755 "$STATE"
  exec {lock}>"$STATE/lock"
  flock -w "$LOCK_SECONDS" "$lock" || die "another brokers.sh holds $STATE/lock"
}

# runs_as prints the user a broker is to run as: its own where root may hand over to it and it can reach the state
# folder, otherwise the caller.
runs_as() {
  if ((UID == 0)) && id "$1" >/dev/null 2>&1 && as "$1" test -x "$STATE"; then say "$1"; else id -un; fi
}

# as USER CMD... replaces root by USER without a process in between, so that the pid stays CMD's.
as() {
  local user=$1
  shift
  if [ "$user" = "$(id -un)" ]; then "$@"; else
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all -- "$@"
  fi
}

# folder NAME USER makes NAME's folder inside the state folder, owned by USER.
folder() {
  mkdir -p "$STATE/$1/data" "$STATE/$1/tmp"
  ((UID != 0)) || chown -R "$2" "$STATE/$1"
}

# spawn NAME USER CMD... starts a daemon in a session of its own. It keeps none of the caller's files open: a caller
# that waits for the end of a pipe would otherwise wait for the broker.
spawn() {
  local name=$1 user=$2 fd
  shift 2
  (
    for fd in /proc/"$BASHPID"/fd/*; do
      fd=${fd##*/}
      ((fd <= 2)) || eval "exec $fd>&-"
    done
    ulimit -Sn 65536 2>/dev/null || true
    cd "$STATE/$name" || exit
    if [ "$user" = "$(id -un)" ]; then exec setsid "$@"; fi
    exec setsid setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all -- "$@"
  ) </dev/null >>"$STATE/$name/out.log" 2>&1 &
  say "$! $(born $! || say gone)" >"$STATE/$name/pid"
}

# born PID prints the process' start time in clock ticks and fails for one that is gone or a zombie. The pair of pid and
# start time is never reused, which a pid alone is.
born() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra stat <<<"${stat##*) }"
  [ "${stat[0]}" != Z ] && say "${stat[19]}"
}

# pid_of NAME prints the daemon's pid and fails unless it runs.
pid_of() {
  local pid start
  { read -r pid start <"$STATE/$1/pid"; } 2>/dev/null || return 1
  [ -n "$start" ] && [ "$(born "$pid")" = "$start" ] && say "$pid"
}

# What the command line of each daemon says of whose it is, besides the folder that it runs in.
declare -A MARK=(
  [rabbitmq]="-home $STATE/rabbitmq"
  [epmd]=epmd
  [activemq]="-Dactivemq.base=$STATE/activemq"
  [artemis]="-Dartemis.instance=$STATE/artemis"
)

# daemon_of NAME prints the pid of a daemon that runs though its pid file is gone, and fails if there is none. What counts is
# that it leads a session, as spawn has it do, in NAME's folder, even if that is deleted, of this system and no container's.
daemon_of() {
  local dir args stat cwd folder
  folder=$(readlink -m "$STATE/$1")
  for dir in /proc/[0-9]*; do
    { mapfile -d '' -t args <"$dir/cmdline"; } 2>/dev/null || continue
    [[ " ${args[*]} " == *" ${MARK[$1]} "* && $dir/ns/mnt -ef /proc/self/ns/mnt ]] || continue
    { stat=$(<"$dir/stat"); } 2>/dev/null || continue
    read -ra stat <<<"${stat##*) }"
    cwd=$(readlink "$dir/cwd" 2>/dev/null) || continue
    if [[ ${stat[3]} == "${dir#/proc/}" && ${cwd%' (deleted)'} == "$folder" ]]; then
      say "${dir#/proc/}"
      return 0
    fi
  done
  return 1
}

# adopt NAME finds a daemon again whose pid file is gone. One whose folder is gone as well has lost its store, and is ended.
adopt() {
  local pid
  if pid_of "$1" >/dev/null || ! pid=$(daemon_of "$1"); then return 0; fi
  mkdir -p "$STATE/$1"
  say "$pid $(born "$pid" || say gone)" >"$STATE/$1/pid"
  say "$1: found without its pid file, pid $pid"
  if ! [[ /proc/$pid/cwd -ef $STATE/$1 ]]; then crash "$1"; fi
}

# halt NAME ends the daemon, politely first.
halt() {
  local pid tries
  adopt "$1"
  if ! pid=$(pid_of "$1"); then
    rm -f "$STATE/$1/pid"
    return 0
  fi
  kill -TERM "$pid" 2>/dev/null || true # it may just have ended by itself
  for ((tries = STOP_SECONDS * 10; tries > 0; tries--)); do
    pid_of "$1" >/dev/null || break
    sleep 0.1
  done
  if ((tries == 0)); then
    say "$1: still there after $STOP_SECONDS s, SIGKILL"
    kill -KILL -- "-$pid" || true
    while pid_of "$1" >/dev/null; do sleep 0.1; done
  fi
  released "$1" || say "$1: its port is not released"
  rm -f "$STATE/$1/pid"
  say "$1: stopped"
}

# crash NAME kills the daemon and its children with no chance to tidy up.
crash() {
  local pid
  adopt "$1"
  pid=$(pid_of "$1") || die "$1: not running"
  kill -KILL -- "-$pid" 2>/dev/null || true
  while pid_of "$1" >/dev/null; do sleep 0.05; done
  released "$1" || die "$1: its port is not released"
  rm -f "$STATE/$1/pid"
  say "$1: killed"
}

# released NAME waits until no process listens on the broker's port: threads may still be about to die, and hold it, when
# their process counts as dead.
released() {
  local tries
  [ -n "${PORT[$1]:-}" ] || return 0
  for ((tries = STOP_SECONDS * 10; tries > 0; tries--)); do
    listens "$1" || return 0
    sleep 0.1
  done
  return 1
}

# obstructed NAME says whether the broker cannot be started because its port is another's.
obstructed() {
  ! pid_of "$1" >/dev/null && listens "$1"
}

# listens NAME says whether a process listens on the broker's port.
listens() { (: <>"/dev/tcp/127.0.0.1/${PORT[$1]}") 2>/dev/null; }

# await_port NUMBER waits until a process listens on a port.
await_port() {
  local end=$((SECONDS + BOOT_SECONDS))
  until (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# launch NAME starts the broker unless it runs.
launch() { pid_of "$1" >/dev/null || "${1}_start"; }

# await NAME waits until the broker answers CONNECT, or died, or too much time has passed.
await() {
  local end=$((SECONDS + BOOT_SECONDS))
  while ((SECONDS < end)); do
    if probe "$1" >/dev/null; then
      say "$1: up on 127.0.0.1:${PORT[$1]}"
      return 0
    fi
    pid_of "$1" >/dev/null || break
    sleep 0.25
  done
  say "$1: does not answer CONNECT on 127.0.0.1:${PORT[$1]}; the end of $STATE/$1/out.log:"
  tail -n 20 "$STATE/$1/out.log" 2>/dev/null || true
  return 1
}

# settle NAME waits for a broker that was launched. One that has died is launched again, twice: RabbitMQ gives up booting when
# some of its parts take five seconds to start, as they do on a machine that stands still.
settle() {
  local again
  for again in yes yes no; do
    if await "$1"; then return 0; fi
    if [ $again = no ] || pid_of "$1" >/dev/null; then return 1; fi
    say "$1: died, is started again"
    launch "$1"
  done
}

# probe NAME opens a STOMP session, prints the header lines of CONNECTED on one line, and closes it.
probe() (
  { exec 7<>"/dev/tcp/127.0.0.1/${PORT[$1]}"; } 2>/dev/null || exit 1
  printf 'CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0' >&7 || exit 1
  IFS= read -r -t "$ANSWER_SECONDS" line <&7 && [ "${line%$'\r'}" = CONNECTED ] || exit 1
  while IFS= read -r -t "$ANSWER_SECONDS" line <&7 && line=${line%$'\r'} && [ -n "$line" ]; do printf ' %s' "$line"; done
  printf 'DISCONNECT\n\n\0' >&7
) 2>/dev/null

status() {
  local answer
  if answer=$(probe "$1"); then
    say "$1: up, pid $(pid_of "$1" || daemon_of "$1" || say 'not ours'), port ${PORT[$1]}:$answer"
  else
    say "$1: down"
  fi
}

# print_env prints the variables that the tests read, for the brokers that answer. One that runs gets the time for it.
print_env() {
  local b secure=
  for b in "${brokers[@]}"; do
    probe "$b" >/dev/null || { pid_of "$b" >/dev/null && await "$b" >&2; } || continue
    "${b}_env"
    if [ "$b" != artemis ]; then secure=yes; fi
  done
  if [ -n "$secure" ]; then tls_env; fi
}

# put NAME VALUE prints one line for eval.
put() { printf 'export STOMPWIRE_%s=%q\n' "$1" "$2"; }
