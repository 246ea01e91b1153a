import { taskRecalled, taskRequested } from '@lianban/contracts-dispatch/events';
import { BACKOFFICE_RESULTS_TOPIC, localityStream, taskStream } from '@lianban/contracts-review/events';

/** What review says and listens to; it has no settings beyond those of every service. */
export const wiring = {
  name: 'review',
  publishes: [taskStream, localityStream],
  consumes: [taskRequested, taskRecalled],
  outside: [BACKOFFICE_RESULTS_TOPIC],
};
