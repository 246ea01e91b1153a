/** A message is larger than its topic takes. Nothing of the call was stored after that message. */
export class EventLogMessageTooLarge extends Error {
  override readonly name = 'EventLogMessageTooLarge';
  readonly code = 'EventLogMessageTooLarge';
  constructor(topic: string, bytes: number, limit: number) {
    super(`${topic} takes messages up to ${limit} bytes, this one has ${bytes}`);
  }
}
