# shellcheck shell=bash
# Installs what is missing, through the machine's own package clients. What cannot be had is named in one line.

install_all() {
  local wanted=()
  [ -x "$RABBITMQ_BIN" ] || wanted+=(rabbitmq-server)
  [ -e "$ACTIVEMQ_SHARE/bin/activemq.jar" ] || wanted+=(activemq)
  command -v java >/dev/null || wanted+=(openjdk-17-jre-headless)
  command -v openssl >/dev/null || wanted+=(openssl)
  artemis_installed || command -v mvn >/dev/null || wanted+=(maven)
  if ((${#wanted[@]})); then debian_install "${wanted[@]}"; fi
  artemis_installed || artemis_install || true
  local b rc=0
  for b in "${brokers[@]}"; do
    if "${b}_installed"; then say "$b: installed"; else
      say "$b: could not be installed, see $STATE/install.log"
      rc=1
    fi
  done
  return $rc
}

debian_install() {
  local root=() guard=/usr/sbin/policy-rc.d guarded=
  command -v apt-get >/dev/null || {
    say "no apt-get here; install by hand: $*"
    return 0
  }
  if ((UID != 0)); then
    if ! sudo -n true 2>/dev/null; then
      say "installing needs root: apt-get install $*"
      return 0
    fi
    root=(sudo -n)
  fi
  say "installing $*"
  # A package's services would start at once, on every interface. This is Debian's way to forbid it.
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$guard" >/dev/null
    "${root[@]}" chmod 755 "$guard"
    guarded=yes
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  {
    "${root[@]}" "${apt[@]}" update -q || true # the old lists may do
    "${root[@]}" "${apt[@]}" install -qy --no-install-recommends "$@"
  } </dev/null >>"$STATE/install.log" 2>&1 || say "apt-get failed: $STATE/install.log"
  if [ -n "$guarded" ]; then "${root[@]}" rm -f "$guard"; fi
}

artemis_install() {
  local dist=$SHARED/dist archive=apache-artemis-$ARTEMIS_VERSION-bin.tar.gz
  command -v mvn >/dev/null || return 1
  say "fetching Artemis $ARTEMIS_VERSION"
  mkdir -p "$dist"
  artemis_fetch || artemis_fetch || artemis_fetch || return 1 # networks have bad moments
  tar -xzf "$dist/$archive" -C "$dist" --no-same-owner && rm "$dist/$archive"
}

artemis_fetch() {
  mvn -B -q dependency:copy "-DoutputDirectory=$dist" \
    "-Dartifact=org.apache.activemq:apache-artemis:$ARTEMIS_VERSION:tar.gz:bin" </dev/null >>"$STATE/install.log" 2>&1 &&
    (cd "$dist" && sha256sum --quiet -c <<<"$ARTEMIS_SHA256  $archive" >>"$STATE/install.log" 2>&1)
}
