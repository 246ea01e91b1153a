import { Module } from '@nestjs/common';
import { ListBodiesController } from './body/list-bodies/list-bodies.controller.js';
import { GetItemController } from './item/get-item/get-item.controller.js';
import { ListItemsController } from './item/list-items/list-items.controller.js';
import { ListLocalitiesController } from './locality/list-localities/list-localities.controller.js';
import { GetProcedureController } from './procedure/get-procedure/get-procedure.controller.js';

/** Catalog (事项): items, procedures, localities and bodies. Its folder of data is imported beside it (`import-folder`). */
@Module({
  controllers: [
    ListLocalitiesController,
    ListBodiesController,
    ListItemsController,
    GetItemController,
    GetProcedureController,
  ],
})
export class AppModule {}
