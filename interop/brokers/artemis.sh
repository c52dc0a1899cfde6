# shellcheck shell=bash
# ActiveMQ Artemis from its binary release: one STOMP acceptor, no web console, no security.
#
# Artemis knows two routings: anycast (each message to one consumer) and multicast (to all). Left alone it treats every
# STOMP destination as multicast, so a message sent to a queue without consumers is gone. Installations that serve
# JMS-like names therefore give the acceptor the prefixes /queue/ and /topic/, and so does this one. It bears a silent client
# three times as long as that promised to send, not twice, and for longer before it connects, for a busy machine may silence any.

ARTEMIS_VERSION=2.44.0
ARTEMIS_SHA256=1030320a8d1af6376361cd750bef12ef3cf7babc7a363bc6097340961d1e3e29
ARTEMIS_HOME=${STOMPWIRE_ARTEMIS_HOME:-$SHARED/dist/apache-artemis-$ARTEMIS_VERSION}

artemis_installed() { [ -e "$ARTEMIS_HOME/lib/artemis-boot.jar" ] && command -v java >/dev/null; }

artemis_start() {
  local dir=$STATE/artemis user
  user=$(runs_as activemq)
  mkdir -p "$dir"
  artemis_config "$dir"
  folder artemis "$user"
  spawn artemis "$user" java -Xms256m -Xmx1g \
    "-Djava.io.tmpdir=$dir/tmp" \
    "-Dlog4j2.configurationFile=file:$dir/log4j2.properties" -Dlog4j2.disableJmx=true \
    "-Dartemis.home=$ARTEMIS_HOME" "-Dartemis.instance=$dir" "-Dartemis.instance.etc=$dir" "-Ddata.dir=$dir/data" \
    -classpath "$ARTEMIS_HOME/lib/artemis-boot.jar" org.apache.activemq.artemis.boot.Artemis run
}

artemis_stop() { halt artemis; }

artemis_env() { put ARTEMIS_URI "stomp://127.0.0.1:${PORT[artemis]}"; }

artemis_config() {
  cat >"$1/bootstrap.xml" <<XML
<broker xmlns="http://activemq.apache.org/schema">
  <jaas-security domain="activemq"/>
  <server configuration="file:$1/broker.xml"/>
</broker>
XML
  say '<management-context xmlns="http://activemq.apache.org/schema"/>' >"$1/management.xml"
  cat >"$1/broker.xml" <<XML
<configuration xmlns="urn:activemq">
  <core xmlns="urn:activemq:core">
    <name>stompwire</name>
    <security-enabled>false</security-enabled>
    <jmx-management-enabled>false</jmx-management-enabled>
    <journal-type>NIO</journal-type>
    <journal-directory>$1/data/journal</journal-directory>
    <bindings-directory>$1/data/bindings</bindings-directory>
    <paging-directory>$1/data/paging</paging-directory>
    <large-messages-directory>$1/data/large-messages</large-messages-directory>
    <max-disk-usage>99</max-disk-usage>
    <acceptors>
      <acceptor name="stomp">tcp://127.0.0.1:${PORT[artemis]}?protocols=STOMP;anycastPrefix=/queue/;multicastPrefix=/topic/;heartBeatToConnectionTtlModifier=3;handshake-timeout=$LOGIN_SECONDS</acceptor>
    </acceptors>
    <address-settings>
      <address-setting match="#">
        <dead-letter-address>DLQ</dead-letter-address>
        <expiry-address>ExpiryQueue</expiry-address>
        <address-full-policy>PAGE</address-full-policy>
        <auto-delete-queues>false</auto-delete-queues>
        <auto-delete-addresses>false</auto-delete-addresses>
      </address-setting>
    </address-settings>
    <addresses>
      <address name="DLQ"><anycast><queue name="DLQ"/></anycast></address>
      <address name="ExpiryQueue"><anycast><queue name="ExpiryQueue"/></anycast></address>
    </addresses>
  </core>
</configuration>
XML
  cat >"$1/log4j2.properties" <<'LOG'
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c{1} %m%n
logger.audit.name = org.apache.activemq.audit
logger.audit.level = OFF
LOG
}
