# shellcheck shell=bash
# A certificate authority for these tests, with one server and one client certificate, as PEM and as Java key stores.

TLS=$STATE/tls
TLS_PASSWORD=changeit

tls_make() {
  if [ -e "$TLS/complete" ]; then return 0; fi
  rm -rf "$TLS"
  mkdir -p "$TLS"
  if ! (cd "$TLS" && tls_issue) >"$STATE/tls.log" 2>&1; then die "certificates could not be made: $STATE/tls.log"; fi
}

# Every step is chained by &&: bash ignores set -e inside a condition.
tls_issue() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=stompwire test CA' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout ca.key -out ca.pem &&
    tls_leaf server serverAuth &&
    tls_leaf client clientAuth &&
    openssl pkcs12 -export -name server -in server.pem -inkey server.key -certfile ca.pem \
      -passout "pass:$TLS_PASSWORD" -out server.p12 &&
    # Java takes a certificate for a trust anchor only when keytool marked it as one.
    keytool -importcert -noprompt -alias ca -file ca.pem -storetype PKCS12 -keystore trust.p12 \
      -storepass "$TLS_PASSWORD" &&
    chmod 644 ./*.pem ./*.key ./*.p12 && # test keys, read by brokers that run as other users
    touch complete
}

tls_leaf() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=stompwire tests/CN=$1" \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -addext "extendedKeyUsage=$2" \
    -keyout "$1.key" -out "$1.csr" &&
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -copy_extensions copy \
      -out "$1.pem"
}

tls_env() {
  put TLS_CA "$TLS/ca.pem"
  put TLS_CERT "$TLS/client.pem"
  put TLS_KEY "$TLS/client.key"
}
