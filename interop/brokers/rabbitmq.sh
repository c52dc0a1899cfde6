# shellcheck shell=bash
# RabbitMQ from its Debian package, with no AMQP port. Its node, its cookie and its epmd are its own, so a RabbitMQ that
# runs on the machine for other reasons is not disturbed.

RABBITMQ_BIN=/usr/lib/rabbitmq/bin/rabbitmq-server
RABBITMQ_TLS_PORT=$((61614 + OFFSET))
RABBITMQ_WS_PORT=$((15674 + OFFSET))
RABBITMQ_DIST_PORT=$((25613 + OFFSET))
RABBITMQ_EPMD_PORT=$((24369 + OFFSET))

rabbitmq_installed() { [ -x "$RABBITMQ_BIN" ]; }

rabbitmq_start() {
  local dir=$STATE/rabbitmq user common
  user=$(runs_as rabbitmq)
  tls_make
  mkdir -p "$dir" "$STATE/epmd"
  rabbitmq_config "$dir"
  folder rabbitmq "$user"
  common=(env -i "PATH=$PATH" "HOME=$dir" LC_ALL=C.UTF-8 ERL_EPMD_ADDRESS=127.0.0.1 "ERL_EPMD_PORT=$RABBITMQ_EPMD_PORT")
  # The node would start epmd itself if none answers, but then this script would not know its pid.
  adopt epmd
  pid_of epmd >/dev/null || spawn epmd "$user" "${common[@]}" epmd
  await_port "$RABBITMQ_EPMD_PORT" || die "epmd does not listen on port $RABBITMQ_EPMD_PORT"
  # RUNNING_UNDER_SYSTEMD makes the launcher exec Erlang, so that the pid is the broker's and SIGTERM stops it in order.
  spawn rabbitmq "$user" "${common[@]}" \
    RUNNING_UNDER_SYSTEMD=1 \
    RABBITMQ_NODENAME=stompwire@localhost \
    "RABBITMQ_DIST_PORT=$RABBITMQ_DIST_PORT" \
    "RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf" \
    "RABBITMQ_CONF_ENV_FILE=$dir/none" \
    "RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins" \
    "RABBITMQ_MNESIA_BASE=$dir/data" \
    "RABBITMQ_LOG_BASE=$dir" \
    RABBITMQ_LOGS=- \
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}" \
    "$RABBITMQ_BIN"
}

rabbitmq_stop() {
  halt rabbitmq
  halt epmd >/dev/null
}

rabbitmq_env() {
  put RABBITMQ_URI "stomp://guest:guest@127.0.0.1:${PORT[rabbitmq]}/"
  put RABBITMQ_TLS_URI "stomp+tls://guest:guest@127.0.0.1:$RABBITMQ_TLS_PORT/"
  put RABBITMQ_WS_URI "ws://guest:guest@127.0.0.1:$RABBITMQ_WS_PORT/ws"
}

rabbitmq_config() {
  say '[rabbitmq_stomp,rabbitmq_web_stomp].' >"$1/enabled_plugins"
  cat >"$1/rabbitmq.conf" <<CONF
listeners.tcp = none
stomp.listeners.tcp.1 = 127.0.0.1:${PORT[rabbitmq]}
stomp.listeners.ssl.1 = 127.0.0.1:$RABBITMQ_TLS_PORT
stomp.login_timeout = ${LOGIN_SECONDS}000
ssl_handshake_timeout = ${LOGIN_SECONDS}000
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = $RABBITMQ_WS_PORT
ssl_options.cacertfile = $TLS/ca.pem
ssl_options.certfile = $TLS/server.pem
ssl_options.keyfile = $TLS/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
load_definitions = $1/definitions.json
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
CONF
  # RabbitMQ takes the host header for a virtual host. Many clients send the name they dialled, so those exist too.
  cat >"$1/definitions.json" <<'JSON'
{
  "users": [{"name": "guest", "password": "guest", "tags": ["administrator"]}],
  "vhosts": [{"name": "/"}, {"name": "localhost"}, {"name": "127.0.0.1"}],
  "permissions": [
    {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
    {"user": "guest", "vhost": "localhost", "configure": ".*", "write": ".*", "read": ".*"},
    {"user": "guest", "vhost": "127.0.0.1", "configure": ".*", "write": ".*", "read": ".*"}
  ]
}
JSON
}
