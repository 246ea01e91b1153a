/** The part of a structured logger (pino) that this library uses. */
export interface Logger {
  info(data: object, text: string): void;
  warn(data: object, text: string): void;
  error(data: object, text: string): void;
}

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One line about an error, without its stack. */
export const textOf = (error: unknown): string =>
  error instanceof AggregateError && error.errors.length > 0
    ? textOf(error.errors[0])
    : error instanceof Error
      ? error.message || error.name
      : typeof error === 'string'
        ? error
        : (JSON.stringify(error) ?? String(error));
