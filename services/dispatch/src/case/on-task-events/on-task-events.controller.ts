import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { taskDecided, taskStream } from '@lianban/contracts-review/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { applyOccurrences } from '../signals.js';

/** Decisions of the bodies. */
@Controller()
export class OnTaskEvents {
  @OnEvents(taskStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
    await applyOccurrences(
      batch,
      events.flatMap((event) => {
        if (!is(taskDecided, event)) return [];
        const { taskId, stepId, body, outcome, reason, certificate } = event.data;
        return {
          event,
          occurrence: {
            signal: {
              type: 'task-decided',
              taskId,
              outcome,
              ...(reason === null ? {} : { reason }),
              ...(certificate ? { certificate: { number: certificate.number } } : {}),
            },
            change: outcome === 'approve' ? 'task-approved' : 'task-refused',
            stepId,
            body,
            certificate: certificate && {
              kind: certificate.kind,
              name: certificate.name,
              number: certificate.number,
              bodyId: body.id,
            },
          },
        };
      }),
    );
  }
}
