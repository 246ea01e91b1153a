/** Named places where a test can crash, delay or freeze the code. Compiled in, and refused outside tests. */

export type Failpoint =
  | 'outbox.before-commit'
  | 'outbox.after-commit'
  | 'relay.before-send'
  | 'relay.after-send-before-mark'
  | 'consumer.before-begin'
  | 'consumer.before-commit'
  | 'consumer.after-commit-before-resolve'
  | 'embedded.before-heartbeat'
  | 'embedded.before-fetch';

/** `member` is the instance that passes the point, where there can be several. A thrown error counts as a crash at this very place. */
export type FailpointAction = (member: string) => Promise<void> | void;

const armed = new Map<Failpoint, FailpointAction>();

/** Arms a failpoint until the returned function is called. Throws unless NODE_ENV is `test`. */
export function arm(name: Failpoint, action: FailpointAction): () => void {
  if (process.env.NODE_ENV !== 'test') throw new Error(`failpoint ${name} refused: NODE_ENV is not "test"`);
  armed.set(name, action);
  return () => {
    if (armed.get(name) === action) armed.delete(name);
  };
}

export async function failpoint(name: Failpoint, member = ''): Promise<void> {
  if (armed.size === 0) return;
  await armed.get(name)?.(member);
}
