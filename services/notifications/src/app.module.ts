import { Module } from '@nestjs/common';
import { DueLoop } from '@lianban/service-kit/due-loop';
import type { ServiceDefinition, ServiceDeps } from '@lianban/service-kit/service';
import { LOGGER } from '@lianban/service-kit/tokens';
import { type NotificationsConfig, wiring } from './config.js';
import { GetNoticeController } from './notice/get-notice/get-notice.controller.js';
import { ListNoticesController } from './notice/list-notices/list-notices.controller.js';
import { OnEventsController } from './notice/on-events/on-events.controller.js';
import { sendDueNotices } from './notice/send-due-notices/send-due-notices.js';
import { Providers } from './provider/provider.js';

/** Notifications (通知): what applicants hear. */
@Module({ controllers: [OnEventsController, ListNoticesController, GetNoticeController] })
export class AppModule {}

/** Side by side, so that a stalled call holds up its own loop only. */
const LOOPS = 3;
/** How often each looks for notices that are due. */
const IDLE_MS = 200;

export const definition = (config: NotificationsConfig): ServiceDefinition<NotificationsConfig> => ({
  ...wiring,
  config,
  module: () => AppModule,
  background: ({ database }, app) => {
    const logger = app.get<ServiceDeps['logger']>(LOGGER);
    const providers = new Providers(config.sending);
    return Array.from(
      { length: LOOPS },
      (_, n) =>
        new DueLoop(`send-due-notices-${n + 1}`, () => sendDueNotices(database, providers, config.sending), {
          idleMs: IDLE_MS,
          logger,
        }),
    );
  },
});
