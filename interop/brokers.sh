#!/usr/bin/env bash
# Runs the brokers that the interoperability tests talk to, on 127.0.0.1 only and with all state in one folder.
#
#   interop/brokers.sh install                 install what is missing: RabbitMQ, ActiveMQ, Artemis, Java, openssl
#   interop/brokers.sh start   [BROKER...]     start and wait until each answers CONNECT; does nothing to one that is up
#   interop/brokers.sh stop    [BROKER...]     stop, keeping stored messages
#   interop/brokers.sh restart [BROKER...]     stop and start
#   interop/brokers.sh reset   [BROKER...]     stop, forget stored messages, start
#   interop/brokers.sh kill9   BROKER...       SIGKILL, as a crash does; start revives it
#   interop/brokers.sh wait    [BROKER...]     wait until each answers CONNECT
#   interop/brokers.sh remove                  stop another instance (STOMPWIRE_PORT_OFFSET) and delete its state folder
#   interop/brokers.sh status  [BROKER...]     one line each, with what its CONNECTED frame says
#   interop/brokers.sh env     [BROKER...]     shell lines for the brokers that are up: eval "$(interop/brokers.sh env)"
#
# BROKER is rabbitmq, activemq or artemis; without one, all three. start and its kin skip what is not installed, unless
# it was named. They exit 1 when a broker that should be up is not.
#
#            STOMP   STOMP TLS   other                      login
#   rabbitmq 61613   61614       WebSocket 15674, path /ws  guest guest, virtual hosts /, localhost, 127.0.0.1
#   activemq 61713   61715       STOMP NIO 61714            none needed
#   artemis  61813                                          none needed; /queue/ is anycast, /topic/ is multicast
#
# Environment:
#   STOMPWIRE_BROKERS_STATE  the state folder: stores, logs, certificates, Artemis itself
#   STOMPWIRE_ARTEMIS_HOME   an Artemis that is installed already
#   STOMPWIRE_PORT_OFFSET    another instance of each broker, on ports higher by this number and with a state folder of
#                            its own, which has -NUMBER at the end; default 0
#
# Started by root, the brokers run as the users rabbitmq and activemq that their packages made.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common tls rabbitmq activemq artemis install; do
  # shellcheck source=/dev/null
  . "$here/brokers/$part.sh"
done

usage() { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p;}' "$here/brokers.sh"; }

# start_all launches every broker before it waits for the first, so that they boot side by side.
start_all() {
  local b rc=0 launched=()
  for b in "${brokers[@]}"; do
    if "${b}_installed"; then
      adopt "$b"
      if obstructed "$b"; then
        say "$b: something else listens on port ${PORT[$b]}"
        rc=1
        continue
      fi
      launch "$b"
      launched+=("$b")
    elif ((named)); then
      say "$b: not installed; run: interop/brokers.sh install"
      rc=1
    else
      say "$b: not installed, skipped"
    fi
  done
  for b in "${launched[@]}"; do settle "$b" || rc=1; done
  return $rc
}

stop_all() { for b in "${brokers[@]}"; do "${b}_stop"; done; }

verb=${1:-help}
shift || true
named=$#
brokers=("$@")
((named)) || brokers=(rabbitmq activemq artemis)
for b in "${brokers[@]}"; do
  [ -n "${PORT[$b]:-}" ] || die "unknown broker: $b (known: rabbitmq, activemq, artemis)"
done

case $verb in
  install | start | stop | restart | reset | remove | kill9) with_state ;;
esac
case $verb in
  install) install_all ;;
  start) start_all ;;
  stop) stop_all ;;
  restart)
    stop_all
    start_all
    ;;
  reset)
    stop_all
    for b in "${brokers[@]}"; do rm -rf "${STATE:?}/$b/data"; done
    start_all
    ;;
  remove)
    ((OFFSET)) || die "remove is for another instance: set STOMPWIRE_PORT_OFFSET"
    brokers=(rabbitmq activemq artemis)
    stop_all
    rm -rf "${STATE:?}"
    ;;
  kill9)
    ((named)) || die "kill9 needs the name of a broker"
    for b in "${brokers[@]}"; do crash "$b"; done
    ;;
  wait)
    rc=0
    for b in "${brokers[@]}"; do await "$b" || rc=1; done
    exit $rc
    ;;
  status) for b in "${brokers[@]}"; do status "$b"; done ;;
  env) print_env ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
