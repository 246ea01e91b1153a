import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { Actor } from '@lianban/access/actor';
import type { Verifier } from '@lianban/access/verify';
import { receiptRejected, WINDOW_INTAKE_TOPIC } from '@lianban/contracts-intake/events';
import { type BatchContext, OnOutsideMessages } from '@lianban/eventing/batch';
import type { OutsideMessage } from '@lianban/eventing/envelope';
import { append, type NewEvent, newEvent } from '@lianban/eventing/outbox';
import { contextOf } from '@lianban/service-kit/context';
import { CodedError } from '@lianban/service-kit/errors';
import { senderOf } from '@lianban/service-kit/outside-sender';
import { VERIFIER } from '@lianban/service-kit/tokens';
import { validateMessage } from '@lianban/service-kit/validation';
import { CatalogCopy } from '../../catalog-copy/catalog.store.js';
import { SubmitApplicationDto, toApplication } from '../application.dto.js';
import { issueReceipt, receiveApplications, type Submission } from '../receive-applications.js';
import { assertMaySubmit } from '../submit-rights.js';
import { claimMessages } from './answered-message.store.js';
import { addressee } from './addressee.js';

/** A message that was judged by itself: what to submit, or why not and whom to tell. */
type Judged = { message: OutsideMessage; correlationId: string; actor: Actor | undefined } & (
  { submission: Submission } | { error: CodedError }
);

/** Applications of window systems: the same JSON as the body of `POST /applications`, with a token in the header `authorization`. */
@Controller()
export class OnWindowMessages {
  constructor(
    @Inject(VERIFIER) private readonly verify: Verifier,
    private readonly catalog: CatalogCopy,
  ) {}

  /**
   * Every message is answered on `window.receipts.v1`, whatever it is. A redelivered message is not answered again; a message that was sent again
   * gets its receipt again. @idempotent by position in the topic, and by source system and number
   */
  @OnOutsideMessages(WINDOW_INTAKE_TOPIC)
  async apply(@Payload() messages: readonly OutsideMessage[], @Ctx() { tx, now }: BatchContext): Promise<void> {
    const judged = await Promise.all((await claimMessages(tx, messages)).map((message) => this.judge(message)));
    const submissions = judged.flatMap((one) => ('submission' in one ? [one.submission] : []));
    const answers = await receiveApplications(tx, this.catalog, submissions);
    const answerOf = new Map(submissions.map((submission, i) => [submission, answers[i]!]));
    append(
      tx,
      judged.flatMap((one): NewEvent[] => {
        if ('error' in one) return [reject(one, one.error, now)];
        const answer = answerOf.get(one.submission)!;
        if (answer.kind === 'rejected') return [reject(one, answer.error, now)];
        // The receipt of a new application went out together with the application.
        if (answer.kind === 'received') return [];
        const { correlationId, actor } = one;
        return [issueReceipt(answer.receipt, { correlationId, ...(actor && { actor: actor.subject }), time: now })];
      }),
    );
  }

  /** Rejects only when the message cannot be judged just now (the issuer of tokens is away): then the batch is tried again. */
  private async judge(message: OutsideMessage): Promise<Judged> {
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const { correlationId } = contextOf(headers);
    let actor: Actor | undefined;
    try {
      actor = await senderOf(message, this.verify);
      const application = toApplication(await validateMessage(SubmitApplicationDto, message.value));
      assertMaySubmit(actor, application);
      const submission = { application, submittedBy: actor.subject, correlationId, receivedAt: message.appendedAt };
      return { message, correlationId, actor, submission };
    } catch (error) {
      if (error instanceof CodedError) return { message, correlationId, actor, error };
      throw error;
    }
  }
}

function reject({ message, correlationId, actor }: Judged, error: CodedError, now: Date): NewEvent {
  const source = addressee(message.value, actor);
  return newEvent(receiptRejected, {
    // The rejections of one number stay in order; there is no case.
    caseId: source.number ?? source.system,
    correlationId,
    ...(actor ? { actor: actor.subject } : {}),
    time: now,
    data: {
      source,
      code: error.code,
      title: error.messages,
      findings: error.findings.map(({ path, message: text }) => ({ path, message: text })),
    },
  });
}
