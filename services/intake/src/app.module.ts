import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { GetApplicationController } from './application/get-application/get-application.controller.js';
import { ListApplicationsController } from './application/list-applications/list-applications.controller.js';
import { OnCaseEvents } from './application/on-case-events/on-case-events.controller.js';
import { OnWindowMessages } from './application/on-window-messages/on-window-messages.controller.js';
import { SubmitApplicationController } from './application/submit-application/submit-application.controller.js';
import { CatalogCopy } from './catalog-copy/catalog.store.js';
import { OnCatalogEvents } from './catalog-copy/on-catalog-events.controller.js';
import type { ContentStore } from './material/content-store.js';
import { GetMaterialController } from './material/get-material/get-material.controller.js';
import { GetMaterialContentController } from './material/get-material-content/get-material-content.controller.js';
import { CONTENT_STORE } from './material/tokens.js';
import { UploadMaterialController } from './material/upload-material/upload-material.controller.js';

/** Intake (收件): applications and materials. */
@Module({
  controllers: [
    SubmitApplicationController,
    ListApplicationsController,
    GetApplicationController,
    OnWindowMessages,
    OnCaseEvents,
    OnCatalogEvents,
    UploadMaterialController,
    GetMaterialController,
    GetMaterialContentController,
  ],
  providers: [CatalogCopy],
})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(CONTENT_STORE) private readonly store: ContentStore) {}

  static with(store: ContentStore): DynamicModule {
    return { module: AppModule, providers: [{ provide: CONTENT_STORE, useValue: store }] };
  }

  /** The last request has been answered. */
  onApplicationShutdown(): void {
    this.store.close();
  }
}
