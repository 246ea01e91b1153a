/** One Ctrl-C may arrive several times: from the terminal and from each program in between. */
const ONE_PRESS_MS = 500;

/**
 * Calls `stop` once, on the first SIGINT, SIGTERM or SIGHUP. A further one some time later is impatience: the process leaves with 1, and
 * everything it has started ends with it.
 */
export function onStopSignal(stop: () => void): void {
  let askedAt: number | undefined;
  const onSignal = () => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      stop();
    } else if (performance.now() - askedAt >= ONE_PRESS_MS) {
      console.log('killing what is left');
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}
