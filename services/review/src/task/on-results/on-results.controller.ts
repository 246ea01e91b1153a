import { Controller, Inject, Logger } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import type { Verifier } from '@lianban/access/verify';
import {
  BACKOFFICE_RESULTS_TOPIC,
  localityTasksTopic,
  resultAccepted,
  resultRejected,
} from '@lianban/contracts-review/events';
import { type BatchContext, OnOutsideMessages } from '@lianban/eventing/batch';
import type { OutsideMessage } from '@lianban/eventing/envelope';
import { append, type NewEvent, newEvent } from '@lianban/eventing/outbox';
import { accessDenied, CodedError } from '@lianban/service-kit/errors';
import type { Metrics } from '@lianban/service-kit/metrics';
import { senderOf } from '@lianban/service-kit/outside-sender';
import { METRICS, VERIFIER } from '@lianban/service-kit/tokens';
import { validateMessage } from '@lianban/service-kit/validation';
import { Counter } from 'prom-client';
import { verdictOf } from '../decide-task/decide-task.body.js';
import { type DecisionAnswer, decideTasks } from '../decide-task/decide-tasks.js';
import { ResultMessage } from './result-message.js';
import { recordAnswers, takeUnanswered } from './result.store.js';

/** A message after its sender and its form were looked at. `actor` is null where no valid token says who sent it. */
type Read =
  | { kind: 'readable'; message: OutsideMessage; actor: Actor; result: ResultMessage }
  | { kind: 'unreadable'; message: OutsideMessage; actor: Actor | null; error: CodedError };
type Answered = Read & { answer: DecisionAnswer };

/** Results that back offices put on the topic, by the same rules as over HTTP; each gets its answer on its locality's feed. */
@Controller()
export class OnResults {
  private readonly logger = new Logger(OnResults.name);
  private readonly answers: Counter<'code'>;

  constructor(
    @Inject(VERIFIER) private readonly verify: Verifier,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.answers = new Counter({
      name: 'lianban_review_results_total',
      help: 'Messages of back offices by answer: accepted, or the code of the refusal',
      labelNames: ['code'],
      registers: [metrics.registry],
    });
  }

  /** @idempotent by the message's place in the log: read again, it is neither applied nor answered again. */
  @OnOutsideMessages(BACKOFFICE_RESULTS_TOPIC)
  async apply(@Payload() messages: readonly OutsideMessage[], @Ctx() { tx, now }: BatchContext): Promise<void> {
    const fresh = await takeUnanswered(tx, messages, now);
    const reads = await Promise.all(fresh.map((message) => this.read(message)));
    const readable = reads.filter((read) => read.kind === 'readable');
    const decisions = await decideTasks(
      tx,
      readable.map(({ actor, result }) => ({ taskId: result.taskId, actor, verdict: verdictOf(result) })),
      now,
    );
    const answered = reads.map((read): Answered => {
      const answer: DecisionAnswer =
        read.kind === 'readable'
          ? decisions[readable.indexOf(read)]!
          : { kind: 'refused', task: null, error: read.error };
      return { ...read, answer };
    });
    await recordAnswers(
      tx,
      answered.map(({ message, actor, answer, ...read }) => ({
        message,
        actor,
        taskId: read.kind === 'readable' ? read.result.taskId : null,
        answeredTo: localityOf(actor),
        error: answer.kind === 'refused' ? answer.error : null,
      })),
      now,
    );
    append(
      tx,
      answered.flatMap((one) => answerEvent(one, now)),
    );
    for (const { message, actor, answer } of answered) {
      const code = answer.kind === 'refused' ? answer.error.code : 'accepted';
      this.answers.inc({ code });
      if (localityOf(actor) === null)
        this.logger.warn(
          `${message.topic} ${message.partition}/${message.offset} refused: ${code}; nobody can be told, it is kept in rejected_result`,
        );
    }
  }

  /** The token is looked at first: without it nobody is to learn anything, not even that the message was too large. */
  private async read(message: OutsideMessage): Promise<Read> {
    let actor: Actor | null = null;
    try {
      actor = await senderOf(message, this.verify);
      if (!may(actor, 'task.decide')) throw accessDenied();
      const result = await validateMessage(ResultMessage, message.value);
      return { kind: 'readable', message, actor, result };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return { kind: 'unreadable', message, actor, error };
    }
  }
}

/** The place whose feed carries the answer; the token says it, never the message. */
const localityOf = (actor: Actor | null): string | null =>
  actor?.locality !== undefined && /^\d{6}$/.test(actor.locality) ? actor.locality : null;

/** Nothing where nobody can be told. An answer about a task the sender may not know of does not carry its case. */
function answerEvent(read: Answered, now: Date): NewEvent[] {
  const { message, actor, answer } = read;
  const locality = localityOf(actor);
  if (locality === null || !actor) return [];
  const position = { partition: message.partition, offset: message.offset };
  const common = {
    topic: localityTasksTopic(locality),
    actor: actor.subject,
    locality,
    time: now,
    caseId: answer.task?.caseId ?? `result-${message.partition}-${message.offset}`,
    ...(answer.task ? { correlationId: answer.task.correlationId } : {}),
  };
  if (answer.kind === 'refused') {
    const { code, messages, findings } = answer.error;
    return [
      newEvent(resultRejected, {
        ...common,
        data: {
          taskId: read.kind === 'readable' ? read.result.taskId : null,
          bodyId: actor.body ?? null,
          code,
          title: messages,
          findings: [...findings],
          message: position,
          at: now.toISOString(),
        },
      }),
    ];
  }
  return [
    newEvent(resultAccepted, {
      ...common,
      data: {
        taskId: answer.task.id,
        bodyId: answer.task.body.id,
        outcome: answer.task.state.decision.outcome,
        certificateNumber: answer.certificate?.number ?? null,
        message: position,
        at: now.toISOString(),
      },
    }),
  ];
}
