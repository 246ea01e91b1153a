import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { caseStream, parcelRequested } from '@lianban/contracts-dispatch/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { requestParcel } from '../parcel.js';
import { insertParcels } from '../parcel.store.js';

@Controller()
export class OnParcelRequested {
  /** Each request becomes a parcel that waits at its sender's courier desk. */
  @OnEvents(caseStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx }: BatchContext): Promise<void> {
    const parcels = events.flatMap((event) => {
      if (!is(parcelRequested, event)) return [];
      const { parcelId: id, from: sender, to: receiver, requestedAt, ...order } = event.data;
      return requestParcel({
        ...order,
        id,
        sender,
        receiver,
        caseId: event.caseid,
        correlationId: event.correlationid,
        requestedAt: new Date(requestedAt),
      });
    });
    await insertParcels(tx, parcels);
  }
}
