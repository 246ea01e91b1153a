import { afterEach, expect, it, jest } from '@jest/globals';
import { onStopSignal } from './stop-signals.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
afterEach(() => {
  jest.restoreAllMocks();
  for (const signal of signals) process.removeAllListeners(signal);
});

it('takes what one Ctrl-C sends by several ways for one, and a later one for impatience', () => {
  const clock = jest.spyOn(performance, 'now');
  const leave = jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
  jest.spyOn(console, 'log').mockReturnValue(undefined);
  const stop = jest.fn();
  onStopSignal(stop);

  clock.mockReturnValue(10_000);
  process.emit('SIGINT', 'SIGINT');
  clock.mockReturnValue(10_020);
  process.emit('SIGTERM', 'SIGTERM');
  process.emit('SIGINT', 'SIGINT');
  expect(stop).toHaveBeenCalledTimes(1);
  expect(leave).not.toHaveBeenCalled();

  clock.mockReturnValue(12_000);
  process.emit('SIGINT', 'SIGINT');
  expect(stop).toHaveBeenCalledTimes(1);
  expect(leave.mock.calls).toEqual([[1]]);
});
