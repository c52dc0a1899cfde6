#!/usr/bin/env bash
# Installs the clients that the tests here run: Debian packages with apt-get, stomp.py's newest release with pip, those
# of JavaScript with npm. The releases are fixed in clients/. The ones written in Go come with the module.
#
#   interop/foreign/install.sh
#
# What is there already is left alone. What cannot be had is named in one line, and makes the exit code 1.
#
# Environment:
#   STOMPWIRE_CLIENTS_STATE  the folder for what pip and npm bring
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE=${STOMPWIRE_CLIENTS_STATE:-${TMPDIR:-/tmp}/stompwire-clients-$UID}
LOG=$STATE/install.log
rc=0

say() { printf '%s\n' "$*"; }

missing() {
  say "$1: could not be installed, see $LOG"
  rc=1
}

# debian PACKAGE... installs those that are missing. Another apt-get, such as that of ../brokers.sh, is waited for.
debian() {
  local wanted=() root=() p
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${Status}' "$p" 2>/dev/null)" = 'install ok installed' ] || wanted+=("$p")
  done
  ((${#wanted[@]})) || return 0
  ((UID == 0)) || root=(sudo -n)
  say "installing ${wanted[*]}"
  {
    "${root[@]}" apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update -q || true # the old lists may do
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -o DPkg::Lock::Timeout=300 install -qy --no-install-recommends "${wanted[@]}"
  } </dev/null >>"$LOG" 2>&1
}

# fresh STAMP FILE... reports whether what these files ask for has been installed.
fresh() {
  local stamp=$1
  shift
  [ -e "$stamp" ] && cat "$@" | cmp -s - "$stamp"
}

# pypi makes an environment of its own, for Debian's Python has Debian's stomp.py.
pypi() {
  local stamp=$STATE/venv/installed
  fresh "$stamp" "$here/clients/requirements.txt" && return
  rm -rf "$STATE/venv"
  say "installing stomp.py with pip"
  {
    /usr/bin/python3 -m venv "$STATE/venv" &&
      "$STATE/venv/bin/pip" --disable-pip-version-check install -q --require-hashes --no-deps \
        -r "$here/clients/requirements.txt"
  } </dev/null >>"$LOG" 2>&1 && cp "$here/clients/requirements.txt" "$stamp"
}

node_clients() {
  local stamp=$STATE/node/installed
  fresh "$stamp" "$here"/clients/package*.json && return
  rm -rf "$STATE/node"
  mkdir -p "$STATE/node"
  cp "$here"/clients/package*.json "$here/clients/.npmrc" "$STATE/node"
  say "installing stompjs and stompit with npm"
  (cd "$STATE/node" && npm ci --ignore-scripts --no-audit --no-fund) </dev/null >>"$LOG" 2>&1 &&
    cat "$here"/clients/package*.json >"$stamp"
}

mkdir -p "$STATE"
[ -O "$STATE" ] || {
  say "install.sh: $STATE belongs to someone else; set STOMPWIRE_CLIENTS_STATE" >&2
  exit 1
}
exec {lock}>"$STATE/lock"
flock -w 600 "$lock"

debian python3-stomp python3-venv ruby-stomp libnet-stomp-perl libio-socket-ssl-perl || missing 'the Debian packages'
command -v node >/dev/null && command -v npm >/dev/null || debian nodejs npm || missing 'Node.js'
pypi || missing stomp.py
node_clients || missing 'stompjs and stompit'
((rc)) || say 'clients: installed'
exit $rc
