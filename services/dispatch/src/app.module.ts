import { Module } from '@nestjs/common';
import { GetCaseController } from './case/get-case/get-case.controller.js';
import { GetTimelineController } from './case/get-timeline/get-timeline.controller.js';
import { ListCasesController } from './case/list-cases/list-cases.controller.js';
import { OnApplicationEvents } from './case/on-application-events/on-application-events.controller.js';
import { OnParcelEvents } from './case/on-parcel-events/on-parcel-events.controller.js';
import { OnTaskEvents } from './case/on-task-events/on-task-events.controller.js';
import { Pulse, PULSE_TIMES, pulseTimes } from './case/pulse.js';
import { StreamFeedController } from './case/stream-feed/stream-feed.controller.js';
import { StreamTimelineController } from './case/stream-timeline/stream-timeline.controller.js';
import { OnProcedureEvents } from './catalog-copy/on-procedure-events.controller.js';

/** Dispatch (分派): the joint case. */
@Module({
  controllers: [
    OnApplicationEvents,
    OnTaskEvents,
    OnParcelEvents,
    OnProcedureEvents,
    ListCasesController,
    GetCaseController,
    GetTimelineController,
    StreamTimelineController,
    StreamFeedController,
  ],
  providers: [Pulse, { provide: PULSE_TIMES, useValue: pulseTimes }],
})
export class AppModule {}
