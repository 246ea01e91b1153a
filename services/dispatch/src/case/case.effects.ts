/** Turns what the engine wants into what the case publishes and its timeline shows. Pure: the time is an argument. */
import type { BodyRef } from '@lianban/contracts-catalog/shapes';
import {
  applicantDone,
  caseChanged,
  caseConcluded,
  caseOpened,
  caseResumed,
  caseSuspended,
  parcelRequested,
  taskRecalled,
  taskRequested,
} from '@lianban/contracts-dispatch/events';
import { type EventData } from '@lianban/eventing/contract';
import { type NewEvent, newEvent } from '@lianban/eventing/outbox';
import { applySignal, type Effect, openCase, type Procedure, type Signal, waitingOn } from '@lianban/procedure/engine';
import type { Change, IssuedCertificate, JointCase, TimelineEntry } from './joint-case.js';
import { timelineText } from './timeline-text.js';

/** The event that brought a change about. */
export interface Cause {
  id: string;
  correlationid: string;
  traceparent?: string;
}

/** A case after a change, what to publish and what to add to its timeline, each in order. */
export interface Outcome {
  joint: JointCase;
  events: NewEvent[];
  entries: TimelineEntry[];
}

/** What happened outside: the engine's signal, and what the timeline says about it. */
export interface Occurrence {
  signal: Signal;
  change: Change;
  stepId: string;
  body: BodyRef | null;
  certificate: IssuedCertificate | null;
}

/** Opens the case: the first steps are asked for at once. */
export function open(joint: JointCase, procedure: Procedure, now: Date, cause: Cause): Outcome {
  const { id: caseId, receivingLocality, parties, form, receivedAt } = joint;
  const { state, effects, dueAt, provisional } = openCase(procedure, {
    caseId,
    receivingLocality,
    parties,
    form,
    receivedAt,
    now,
  });
  const opened = {
    ...joint,
    status: 'open',
    state,
    dueAt: dueAt === null ? null : new Date(dueAt),
    provisional,
    openedAt: now,
  } as const;
  const recorder = new Recorder(opened, procedure, now, cause);
  recorder.publishOpened();
  effects.forEach((effect) => recorder.apply(effect));
  return recorder.outcome();
}

/** The procedure version is not known here yet; the timeline says so. */
export function awaitProcedure(joint: JointCase, now: Date, cause: Cause): Outcome {
  const recorder = new Recorder(joint, undefined, now, cause);
  recorder.note('awaiting-procedure', null, null);
  return recorder.outcome();
}

/** Applies an occurrence. One that changes nothing (repeated, late, about something unknown) only leaves a line in the timeline. */
export function advance(
  joint: JointCase,
  procedure: Procedure,
  occurrence: Occurrence,
  now: Date,
  cause: Cause,
): Outcome {
  const { state, effects, ignored } = applySignal(procedure, joint.state!, occurrence.signal, now);
  const certificates =
    occurrence.certificate && !ignored ? [...joint.certificates, occurrence.certificate] : joint.certificates;
  const recorder = new Recorder({ ...joint, state, certificates }, procedure, now, cause);
  recorder.note(ignored ? 'signal-ignored' : occurrence.change, occurrence.stepId, occurrence.body);
  effects.forEach((effect) => recorder.apply(effect));
  return recorder.outcome();
}

class Recorder {
  private readonly events: NewEvent[] = [];
  private readonly entries: TimelineEntry[] = [];

  constructor(
    private joint: JointCase,
    private readonly procedure: Procedure | undefined,
    private readonly now: Date,
    private readonly cause: Cause,
  ) {}

  outcome(): Outcome {
    const { state } = this.joint;
    const waiting = state && this.procedure ? waitingOn(state, this.procedure) : [];
    return { joint: { ...this.joint, waitingOn: waiting }, events: this.events, entries: this.entries };
  }

  publishOpened(): void {
    const { caseNo, item, procedure, receivingLocality, parties, dueAt, provisional } = this.joint;
    this.publish(caseOpened, {
      caseNo,
      item,
      procedure,
      receivingLocality,
      parties,
      dueAt: dueAt?.toISOString() ?? null,
      provisional,
      openedAt: this.now.toISOString(),
    });
    this.note('opened', null, null);
  }

  apply(effect: Effect): void {
    const { caseNo, item, receivingLocality, applicant, form, materials } = this.joint;
    const at = this.now.toISOString();
    switch (effect.type) {
      case 'request-task': {
        const { taskId, stepId, party, body, dueAt, provisional, limitBasis, produces } = effect;
        this.publish(taskRequested, {
          taskId,
          caseNo,
          item,
          receivingLocality,
          stepId,
          stepName: this.stepName(stepId),
          party,
          body,
          dueAt,
          provisional,
          limitBasis,
          produces,
          applicant,
          form,
          materials,
          requestedAt: at,
        });
        return this.note('task-requested', stepId, body);
      }
      case 'recall-task': {
        const { taskId, stepId, body, reason, wasDecided } = effect;
        this.publish(taskRecalled, { taskId, reason, wasDecided, recalledAt: at });
        return this.note('task-recalled', stepId, body);
      }
      case 'request-parcel': {
        const { parcelId, stepId, contents, from, to, payer } = effect;
        this.publish(parcelRequested, {
          parcelId,
          caseNo,
          stepId,
          contents,
          things: this.things(contents, from.body),
          from,
          to,
          payer,
          requestedAt: at,
        });
        return this.note('parcel-requested', stepId, from.body);
      }
      case 'suspend':
        this.joint = { ...this.joint, status: 'suspended' };
        this.publish(caseSuspended, { caseNo, stepId: effect.stepId, reason: effect.reason, at });
        return this.note('suspended', effect.stepId, null);
      case 'resume':
        // Another parcel of the case may still be lost.
        this.joint = { ...this.joint, status: this.joint.state?.status ?? 'open' };
        this.publish(caseResumed, { caseNo, stepId: effect.stepId, at });
        return this.note('resumed', effect.stepId, null);
      case 'applicant-done':
        this.joint = { ...this.joint, applicantDoneAt: this.now };
        this.publish(applicantDone, { caseNo, at });
        return this.note('applicant-done', null, null);
      case 'conclude':
        this.joint = { ...this.joint, status: effect.outcome, concludedAt: this.now };
        this.publish(caseConcluded, {
          caseNo,
          item,
          outcome: effect.outcome,
          reason: effect.reason,
          concludedAt: at,
        });
        return this.note(effect.outcome, null, null);
    }
  }

  /** Adds a line to the timeline and the same change to the public feed. */
  note(change: Change, stepId: string | null, body: BodyRef | null): void {
    const { id, caseNo, item, receivingLocality } = this.joint;
    const n = this.joint.changes + 1;
    const status = this.joint.status === 'awaiting-procedure' ? 'open' : this.joint.status;
    const step = stepId === null ? null : { id: stepId, name: this.stepName(stepId) };
    this.joint = { ...this.joint, changes: n };
    this.entries.push({
      caseId: id,
      n,
      at: this.now,
      change,
      status,
      step,
      body,
      text: timelineText(change, step?.name, body?.name),
    });
    this.publish(caseChanged, {
      caseNo,
      n,
      item,
      receivingLocality,
      change,
      status,
      step,
      locality: body?.locality ?? null,
      at: this.now.toISOString(),
    });
  }

  private publish<D extends Parameters<typeof newEvent>[0]>(definition: D, data: EventData<D>): void {
    this.events.push(newEvent(definition, { caseId: this.joint.id, data, cause: this.cause, time: this.now }));
  }

  /** A signal may name a step this version of the procedure does not have; its id then stands for its name. */
  private stepName(stepId: string) {
    return this.procedure?.steps.find((step) => step.id === stepId)?.name ?? { zh: stepId, en: stepId };
  }

  /** The contents list the courier seals: paper originals of the application, or what the sending body issued. */
  private things(contents: 'originals' | 'results', sender: BodyRef | null) {
    if (contents === 'originals')
      return this.joint.materials
        .filter((material) => material.original)
        .map(({ kind, name }) => ({ kind, name, number: null }));
    return this.joint.certificates
      .filter((certificate) => certificate.bodyId === sender?.id)
      .map(({ kind, name, number }) => ({ kind, name, number }));
  }
}
