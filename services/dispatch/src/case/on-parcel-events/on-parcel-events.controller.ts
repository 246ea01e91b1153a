import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  parcelDelivered,
  parcelLost,
  parcelResent,
  parcelReturned,
  parcelStream,
} from '@lianban/contracts-courier/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { applyOccurrences } from '../signals.js';

/** The stations of a parcel that move the case on or stop it. */
const stations = [
  { definition: parcelDelivered, kind: 'parcel-delivered' },
  { definition: parcelLost, kind: 'parcel-lost' },
  { definition: parcelReturned, kind: 'parcel-returned' },
  { definition: parcelResent, kind: 'parcel-resent' },
] as const;

@Controller()
export class OnParcelEvents {
  @OnEvents(parcelStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
    await applyOccurrences(
      batch,
      events.flatMap((event) =>
        stations.flatMap(({ definition, kind }) => {
          if (!is(definition, event)) return [];
          const { parcelId, stepId, attempt } = event.data;
          return {
            event,
            occurrence: {
              signal: { type: kind, parcelId, attempt },
              change: kind,
              stepId,
              body: null,
              certificate: null,
            },
          };
        }),
      ),
    );
  }
}
