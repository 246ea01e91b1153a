/** Takes applications in (收件). The same code for HTTP, which brings one, and for the topic, which brings a batch. */
import { applicationReceived, receiptIssued } from '@lianban/contracts-intake/events';
import type { Tx } from '@lianban/eventing/database';
import { append, type NewEvent, newEvent } from '@lianban/eventing/outbox';
import { canonicalJson, digestOf } from '@lianban/service-kit/canonical-json';
import { CodedError, messageTooLarge } from '@lianban/service-kit/errors';
import { v7 as uuidv7 } from 'uuid';
import type { CatalogCopy } from '../catalog-copy/catalog.store.js';
import { type Application, examine, type SoundApplication } from './application.js';
import { numberReused } from './application.errors.js';
import {
  countCases,
  insertApplications,
  loadTakenNumbers,
  loadUploaded,
  type NewApplication,
  type Receipt,
  sourceKey,
  type TakenNumber,
  takeNumbers,
} from './application.store.js';
import { caseNumber, chinaDay, receiptNumber } from './case-number.js';

/** An application whose sender may submit it. `submittedBy`: the actor's subject; `receivedAt`: when it reached Lianban. */
export interface Submission {
  application: Application;
  submittedBy: string;
  correlationId: string;
  receivedAt: Date;
}

/** `repeated`: the same content came before under the same number; the receipt is the one issued then. */
export type Answer = { kind: 'received' | 'repeated'; receipt: Receipt } | { kind: 'rejected'; error: CodedError };

/** It travels on in events (at most 1 MiB each), together with what others add. In bytes of canonical JSON. */
const MAX_CONTENT_BYTES = 512 * 1024;

/** The case ids the submissions would get, and the content they stand for. */
type Candidate = Submission & { digest: string; caseId: string; sound: SoundApplication };

/**
 * Answers each submission, in order. What is received is written, numbered and announced in `tx`; what is rejected leaves nothing.
 * Locks are taken in one order (numbers, counters, outbox lanes), so concurrent calls do not deadlock.
 * @idempotent by source system and number, with the digest of the content, for ever
 */
export async function receiveApplications(
  tx: Tx,
  catalogCopy: CatalogCopy,
  submissions: readonly Submission[],
): Promise<Answer[]> {
  // Digests are kept for ever: the normal form of an application may gain optional fields, absent when not given, but never changes otherwise.
  const contents = submissions.map(({ application }) => canonicalJson(application));
  const digests = contents.map(digestOf);
  const taken = await loadTakenNumbers(
    tx,
    submissions.map(({ application }) => application.source),
  );
  const fresh = submissions.map(({ application }) => application).filter(({ source }) => !taken.has(sourceKey(source)));
  const candidates = new Map<string, Candidate>();
  const errors = new Map<Submission, CodedError>();
  if (fresh.length > 0) {
    const catalog = await catalogCopy.load(tx, fresh);
    const uploaded = await loadUploaded(tx, fresh);
    submissions.forEach((submission, i) => {
      const key = sourceKey(submission.application.source);
      if (taken.has(key) || candidates.has(key)) return;
      try {
        if (Buffer.byteLength(contents[i]!) > MAX_CONTENT_BYTES) throw messageTooLarge();
        const sound = examine(submission.application, catalog, uploaded, chinaDay(submission.receivedAt));
        candidates.set(key, { ...submission, digest: digests[i]!, caseId: uuidv7(), sound });
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        errors.set(submission, error);
      }
    });
  }

  const won = await takeNumbers(
    tx,
    [...candidates.values()].map(({ application, digest, caseId }) => ({ source: application.source, digest, caseId })),
  );
  const lost = [...candidates].filter(([, { caseId }]) => !won.has(caseId));
  if (lost.length > 0) {
    const now = await loadTakenNumbers(
      tx,
      lost.map(([, { application }]) => application.source),
    );
    for (const [key, number] of now) taken.set(key, number);
  }
  const received = await number(
    tx,
    [...candidates.values()].filter(({ caseId }) => won.has(caseId)),
  );
  await insertApplications(tx, received);
  append(tx, received.flatMap(announce));

  const issued = new Map<string, NewApplication>(received.map((one) => [sourceKey(one.receipt.source), one]));
  const announced = new Set<string>();
  return submissions.map((submission, i): Answer => {
    const error = errors.get(submission);
    if (error) return { kind: 'rejected', error };
    const key = sourceKey(submission.application.source);
    const known: TakenNumber | undefined = taken.get(key) ?? issued.get(key);
    if (!known) throw new Error('a number is neither free nor taken');
    if (known.digest !== digests[i]) return { kind: 'rejected', error: numberReused() };
    const first = issued.has(key) && !announced.has(key);
    announced.add(key);
    return { kind: first ? 'received' : 'repeated', receipt: known.receipt };
  });
}

/** Gives each its case and receipt number, in the order they came. */
async function number(tx: Tx, candidates: readonly Candidate[]): Promise<NewApplication[]> {
  const groups = new Map<string, { locality: string; day: string; members: Candidate[] }>();
  for (const candidate of candidates) {
    const locality = candidate.application.receivingLocality;
    const day = chinaDay(candidate.receivedAt);
    const group = groups.get(`${locality} ${day}`) ?? { locality, day, members: [] };
    groups.set(`${locality} ${day}`, group);
    group.members.push(candidate);
  }
  const counters = await countCases(
    tx,
    [...groups.values()].map(({ locality, day, members }) => ({ locality, day, count: members.length })),
  );
  return counters.flatMap(({ locality, day, last }) => {
    const { members } = groups.get(`${locality} ${day}`)!;
    return members.map(({ caseId, receivedAt, ...rest }, i): NewApplication => {
      const n = last - members.length + 1 + i;
      const receipt = {
        caseId,
        caseNo: caseNumber(locality, day, n),
        receiptNo: receiptNumber(locality, day, n),
        source: rest.application.source,
        receivedAt,
      };
      return { ...rest, receipt };
    });
  });
}

function announce({ receipt, application, sound, submittedBy, correlationId }: NewApplication): NewEvent[] {
  const common = {
    caseId: receipt.caseId,
    correlationId,
    actor: submittedBy,
    locality: application.receivingLocality,
    time: receipt.receivedAt,
  };
  return [
    newEvent(applicationReceived, {
      ...common,
      data: {
        caseNo: receipt.caseNo,
        ...sound,
        source: application.source,
        applicant: application.applicant,
        form: application.form,
        receivedAt: receipt.receivedAt.toISOString(),
      },
    }),
    issueReceipt(receipt, common),
  ];
}

/** 收件凭证 for the window system. */
export const issueReceipt = (
  receipt: Receipt,
  options: { correlationId?: string; actor?: string; locality?: string; time: Date },
): NewEvent =>
  newEvent(receiptIssued, {
    caseId: receipt.caseId,
    ...options,
    data: {
      caseNo: receipt.caseNo,
      source: receipt.source,
      receiptNo: receipt.receiptNo,
      receivedAt: receipt.receivedAt.toISOString(),
    },
  });
