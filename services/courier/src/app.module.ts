import { Module } from '@nestjs/common';
import { DueLoop } from '@lianban/service-kit/due-loop';
import type { ServiceDefinition, ServiceDeps } from '@lianban/service-kit/service';
import { LOGGER } from '@lianban/service-kit/tokens';
import { Carrier } from './carrier/carrier.js';
import { type CourierConfig, wiring } from './config.js';
import { followCarrier, withPauses } from './parcel/follow-carrier/follow-carrier.js';
import { GetParcelController } from './parcel/get-parcel/get-parcel.controller.js';
import { ListParcelsController } from './parcel/list-parcels/list-parcels.controller.js';
import { OnParcelRequested } from './parcel/on-parcel-requested/on-parcel-requested.controller.js';
import { postDueParcels } from './parcel/post-due-parcels/post-due-parcels.js';
import { PostParcelController } from './parcel/post-parcel/post-parcel.controller.js';
import { ResendParcelController } from './parcel/resend-parcel/resend-parcel.controller.js';
import { SealParcelController } from './parcel/seal-parcel/seal-parcel.controller.js';
import { Wake } from './parcel/wake.js';

/** Courier (寄递): parcels and the custody of what is in them. */
@Module({
  controllers: [
    OnParcelRequested,
    ListParcelsController,
    GetParcelController,
    SealParcelController,
    PostParcelController,
    ResendParcelController,
  ],
  providers: [Wake],
})
export class AppModule {}

/** How often the loop looks for parcels to hand over when nothing woke it: repeats after a failure, work of a dead instance. */
const POSTING_IDLE_MS = 250;

/** Pauses while the carrier tells nothing, in milliseconds. */
const FOLLOWING_PACE = { baseMs: 500, maxMs: 5_000 };

export const definition = (config: CourierConfig): ServiceDefinition<CourierConfig> => ({
  ...wiring,
  config,
  module: () => AppModule,
  background: ({ database }, app) => {
    const logger = app.get<ServiceDeps['logger']>(LOGGER);
    const carrier = new Carrier(config.carrier);
    const posting = new DueLoop('post-due-parcels', () => postDueParcels(database, carrier, config.carrier), {
      idleMs: POSTING_IDLE_MS,
      logger,
    });
    const following = new DueLoop(
      'follow-carrier',
      withPauses(() => followCarrier(database, carrier), FOLLOWING_PACE),
      {
        idleMs: config.carrier.pollMs,
        logger,
      },
    );
    app.get(Wake, { strict: false }).posting = () => posting.wake();
    return [posting, following];
  },
});
