#!/bin/sh
# Kafka's console tools from the same jars as the local broker:
#   kafka.sh topic   --list | --describe --topic T | --create --topic T …
#   kafka.sh produce --topic T [--reader-property parse.key=true …]       reads messages from standard input, one a line
#   kafka.sh consume --topic T --from-beginning [--max-messages N]
#   kafka.sh group   --describe --group G
# The brokers come from KAFKA_BROKERS (default: the broker of `npm start -- --kafka`). The first call fetches the jars.
set -e
here=$(cd "$(dirname "$0")" && pwd)
version=4.3.1
home=${LIANBAN_KAFKA_HOME:-$here/../../.lianban/kafka-$version}
command=$1
[ $# -gt 0 ] && shift
case $command in
  topic) class=org.apache.kafka.tools.TopicCommand ;;
  produce) class=org.apache.kafka.tools.ConsoleProducer ;;
  consume) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  group) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  *) sed -n 's/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
command -v java >/dev/null || { echo 'kafka.sh: Java 17 or newer is needed' >&2; exit 1; }
if [ ! -d "$home/libs" ]; then
  command -v mvn >/dev/null || { echo 'kafka.sh: Maven (mvn) is needed once, to fetch the jars' >&2; exit 1; }
  echo 'kafka.sh: fetching the jars (once)' >&2
  mkdir -p "$home"
  fetched=$(mktemp -d "$home/libs.XXXXXX")
  mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$fetched" -DincludeScope=runtime >&2
  # Somebody else may have been faster.
  if [ -d "$home/libs" ]; then rm -rf "$fetched"; else mv "$fetched" "$home/libs"; fi
fi
exec java -Xmx256m -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$home/libs/*" "$class" \
  --bootstrap-server "${KAFKA_BROKERS:-127.0.0.1:4121}" "$@"
