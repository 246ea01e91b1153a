/** EVENT_LOG of a Kafka cluster: `kafka://host:port,host:port?prefix=x.&replication=3&sessionMs=20000`. */
export interface KafkaSettings {
  brokers: string[];
  /** Put before the names of topics and groups as it is, so that several environments can share a cluster. */
  prefix: string;
  /** Copies of each partition of topics made from here on; -1 = what the brokers have as their default. */
  replication: number;
  /** A member that is silent for this long loses its partitions. The brokers allow 6 s at least, unless told otherwise. */
  sessionMs: number;
}

const PARAMETERS = ['prefix', 'replication', 'sessionMs'];

/** Throws one sentence that names what is wrong. */
export function parseKafkaUrl(url: string): KafkaSettings {
  // Not a URL to the standard's parser, which knows no list of hosts.
  const match = /^kafka:\/\/([^/?#]+)\/?(?:\?([^#]*))?$/.exec(url);
  if (!match) throw new Error('EVENT_LOG must look like kafka://host:port,host:port?prefix=x');
  const brokers = match[1]!.split(',');
  const bad = brokers.find((broker) => !/^(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(broker));
  if (bad !== undefined) throw new Error(`EVENT_LOG: ${bad} is not host:port`);
  const parameters = new URLSearchParams(match[2] ?? '');
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new Error(`EVENT_LOG: there is no parameter ${name}; there are ${PARAMETERS.join(', ')}`);
    }
  }
  const prefix = parameters.get('prefix') ?? '';
  if (!/^[\w.-]{0,100}$/.test(prefix)) throw new Error('EVENT_LOG: prefix takes letters, digits and . _ - only');
  const whole = (name: string, fallback: number): number => {
    const text = parameters.get(name);
    if (text === null) return fallback;
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`EVENT_LOG: ${name} must be a whole number above 0`);
    return Number(text);
  };
  return { brokers, prefix, replication: whole('replication', -1), sessionMs: whole('sessionMs', 20_000) };
}
