import { Module } from '@nestjs/common';
import { GetCertificateController } from './certificate/get-certificate/get-certificate.controller.js';
import { ListCertificatesController } from './certificate/list-certificates/list-certificates.controller.js';
import { ClaimTaskController } from './task/claim-task/claim-task.controller.js';
import { DecideTaskController } from './task/decide-task/decide-task.controller.js';
import { GetTaskController } from './task/get-task/get-task.controller.js';
import { ListTasksController } from './task/list-tasks/list-tasks.controller.js';
import { OnCaseEvents } from './task/on-case-events/on-case-events.controller.js';
import { OnResults } from './task/on-results/on-results.controller.js';

/** Review (审批): department tasks, their decisions and certificates. */
@Module({
  controllers: [
    OnCaseEvents,
    OnResults,
    ListTasksController,
    GetTaskController,
    ClaimTaskController,
    DecideTaskController,
    ListCertificatesController,
    GetCertificateController,
  ],
})
export class AppModule {}
