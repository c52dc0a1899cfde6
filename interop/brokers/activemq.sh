# shellcheck shell=bash
# ActiveMQ Classic from its Debian package, with STOMP connectors only. Flow control and limits are the product's
# defaults, because those are what users run. Only a silent client is borne for longer: three times as long as it promised
# to send, and before it connects; for a busy machine may silence any.

ACTIVEMQ_SHARE=/usr/share/activemq
ACTIVEMQ_NIO_PORT=$((61714 + OFFSET))
ACTIVEMQ_TLS_PORT=$((61715 + OFFSET))

activemq_installed() { [ -e "$ACTIVEMQ_SHARE/bin/activemq.jar" ] && command -v java >/dev/null; }

activemq_start() {
  local dir=$STATE/activemq user
  user=$(runs_as activemq)
  tls_make
  mkdir -p "$dir"
  activemq_config "$dir"
  folder activemq "$user"
  spawn activemq "$user" java -Xms256m -Xmx1g \
    "-Djava.io.tmpdir=$dir/tmp" \
    "-Dlog4j2.configurationFile=file:$dir/log4j2.properties" \
    "-Dactivemq.home=$ACTIVEMQ_SHARE" "-Dactivemq.base=$dir" "-Dactivemq.conf=$dir" "-Dactivemq.data=$dir/data" \
    "-Dactivemq.classpath=$dir" \
    -jar "$ACTIVEMQ_SHARE/bin/activemq.jar" start "xbean:file:$dir/activemq.xml"
}

activemq_stop() { halt activemq; }

activemq_env() {
  put ACTIVEMQ_URI "stomp://127.0.0.1:${PORT[activemq]}"
  put ACTIVEMQ_NIO_URI "stomp://127.0.0.1:$ACTIVEMQ_NIO_PORT"
  put ACTIVEMQ_TLS_URI "stomp+tls://127.0.0.1:$ACTIVEMQ_TLS_PORT"
}

activemq_config() {
  local grace="transport.hbGracePeriodMultiplier=3&amp;transport.connectAttemptTimeout=${LOGIN_SECONDS}000"
  cat >"$1/activemq.xml" <<XML
<beans xmlns="http://www.springframework.org/schema/beans"
       xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
       xsi:schemaLocation="http://www.springframework.org/schema/beans
                           http://www.springframework.org/schema/beans/spring-beans.xsd
                           http://activemq.apache.org/schema/core
                           http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="stompwire" dataDirectory="$1/data" useJmx="false">
    <persistenceAdapter><kahaDB directory="$1/data/kahadb"/></persistenceAdapter>
    <sslContext>
      <sslContext keyStore="file:$TLS/server.p12" keyStoreType="PKCS12" keyStorePassword="$TLS_PASSWORD"
                  trustStore="file:$TLS/trust.p12" trustStoreType="PKCS12" trustStorePassword="$TLS_PASSWORD"/>
    </sslContext>
    <systemUsage>
      <systemUsage>
        <memoryUsage><memoryUsage percentOfJvmHeap="70"/></memoryUsage>
        <storeUsage><storeUsage limit="2 gb"/></storeUsage>
        <tempUsage><tempUsage limit="1 gb"/></tempUsage>
      </systemUsage>
    </systemUsage>
    <transportConnectors>
      <transportConnector name="stomp" uri="stomp://127.0.0.1:${PORT[activemq]}?$grace"/>
      <transportConnector name="stomp+nio" uri="stomp+nio://127.0.0.1:$ACTIVEMQ_NIO_PORT?$grace"/>
      <transportConnector name="stomp+ssl" uri="stomp+ssl://127.0.0.1:$ACTIVEMQ_TLS_PORT?transport.wantClientAuth=true&amp;$grace"/>
    </transportConnectors>
  </broker>
</beans>
XML
  cat >"$1/log4j2.properties" <<'LOG'
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c{1} %m%n
LOG
}
