import { procedurePublished } from '@lianban/contracts-catalog/events';
import { parcelDelivered, parcelLost, parcelResent, parcelReturned } from '@lianban/contracts-courier/events';
import { caseStream, feedStream } from '@lianban/contracts-dispatch/events';
import { applicationReceived } from '@lianban/contracts-intake/events';
import { taskDecided } from '@lianban/contracts-review/events';

/** What dispatch says and listens to; it has no settings beyond those of every service. */
export const wiring = {
  name: 'dispatch',
  publishes: [caseStream, feedStream],
  consumes: [
    applicationReceived,
    taskDecided,
    parcelDelivered,
    parcelLost,
    parcelReturned,
    parcelResent,
    procedurePublished,
  ],
};
