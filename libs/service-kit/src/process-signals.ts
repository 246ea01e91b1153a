import type { Logger } from 'pino';

/** Stopping must end even when something inside hangs. */
const STOP_LIMIT_MS = 25_000;

/**
 * SIGTERM and SIGINT stop the service and leave with 0; an error nobody caught is logged and ends the process with 1, since what it left behind is
 * unknown. Returns a function that takes the handlers off again.
 */
export function handleProcessSignals(logger: Logger, stop: () => Promise<void>): () => void {
  let stopping = false;
  const leave = (code: number): never => process.exit(code);
  const onSignal = (signal: NodeJS.Signals) => {
    // A terminal and a runner may both send one; the first counts.
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.fatal({}, `not stopped within ${STOP_LIMIT_MS / 1000} s, leaving`);
      leave(1);
    }, STOP_LIMIT_MS).unref();
    stop().then(
      () => leave(0),
      (error: unknown) => {
        logger.fatal({ err: error }, 'stopping failed');
        leave(1);
      },
    );
  };
  const onFault = (error: unknown) => {
    logger.fatal({ err: error }, 'an error nobody caught ends the service');
    leave(1);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
  return () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    process.off('uncaughtException', onFault).off('unhandledRejection', onFault);
  };
}
