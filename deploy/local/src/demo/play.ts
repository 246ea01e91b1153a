/** Plays plans against a running system, through public interfaces only, until every case has ended or waits where it should. */
import { setTimeout as sleep } from 'node:timers/promises';
import { feedStream } from '@lianban/contracts-dispatch/events';
import { receiptStream } from '@lianban/contracts-intake/events';
import { localityTasksTopic } from '@lianban/contracts-review/events';
import { createOutsideClient, type OutsideClient } from '@lianban/eventing/outside';
import type { System } from '../system/system.js';
import { Couriers } from './couriers.js';
import { Follower } from './follow.js';
import { Http } from './http.js';
import { type DemoCase, hasEnded, Ledger } from './ledger.js';
import { Offices } from './offices.js';
import type { Plan } from './plan.js';
import { Windows } from './windows.js';

/** When nothing is heard of any case for so long, the demo gives up. */
const STANDSTILL_MS = 60_000;
const LOOK_MS = 50;
/** How often a case that shall stay open is asked whether it has come to that point. */
const ASK_MS = 500;

export interface CaseView {
  id: string;
  caseNo: string;
  status: string;
  waitingOn: { stepId: string; stepName: { zh: string }; body: { name: { zh: string } } }[];
}

export class Play {
  readonly http = new Http();
  readonly ledger = new Ledger();
  /** What no outside party should have met. */
  private readonly failures: string[] = [];
  private readonly windows: Windows;
  private readonly offices: Offices;
  private readonly couriers: Couriers;
  private readonly followers: Follower[];
  /** Cases that have come to the point where they shall stay open. */
  private readonly arrived = new Set<string>();
  private askedAt = 0;

  /** `run` begins the windows' own numbers, `localities` are the places that play along. */
  static async begin(system: System, localities: readonly string[], run: string): Promise<Play> {
    return new Play(system, await createOutsideClient(system.eventLog), localities, run);
  }

  private constructor(
    private readonly system: System,
    readonly client: OutsideClient,
    localities: readonly string[],
    run: string,
  ) {
    const { http, ledger } = this;
    this.windows = new Windows(system, client, http, ledger, run);
    this.offices = new Offices(system, client, http, ledger);
    this.couriers = new Couriers(system, http, ledger, localities);
    this.followers = [
      new Follower(system.eventLog, receiptStream.topic, (event) => this.windows.onReceipt(event)),
      new Follower(system.eventLog, feedStream.topic, (event) => ledger.note(event)),
      ...localities.map(
        (code) => new Follower(system.eventLog, localityTasksTopic(code), (event) => this.offices.onTaskEvent(event)),
      ),
    ];
    this.offices.start();
    this.couriers.start();
  }

  /** Everybody goes home; `client` stays open for the books. */
  async end(): Promise<void> {
    const parts = [this.offices, this.couriers, ...this.followers];
    await Promise.all(parts.map((part) => part.stop()));
  }

  /** Plays these cases, at most `atOnce` at a time. `onProgress` is called all the while. False when they stood still. */
  async run(plans: readonly Plan[], atOnce: number, onProgress: (settled: number) => void): Promise<boolean> {
    const left = [...plans];
    const before = this.ledger.all().length;
    let submitting = 0;
    let failed = 0;
    this.ledger.movedAt = performance.now();
    for (;;) {
      await this.lookAtOpenOnes();
      const acknowledged = this.ledger.all().slice(before);
      const settled = acknowledged.filter((one) => this.isSettled(one)).length + failed;
      onProgress(settled);
      if (left.length === 0 && submitting === 0 && settled === acknowledged.length + failed) return true;
      if (performance.now() - this.ledger.movedAt > STANDSTILL_MS) return false;
      while (left.length > 0 && plans.length - left.length - settled < atOnce) {
        submitting++;
        void this.submit(left.shift()!)
          .then((taken) => (failed += taken ? 0 : 1))
          .finally(() => submitting--);
      }
      await sleep(LOOK_MS);
    }
  }

  /** Cases that are not where they should be, and whom they wait for. */
  async stuck(): Promise<string[]> {
    const open = this.ledger.all().filter((one) => !this.isSettled(one));
    return Promise.all(
      open.map(async (one) => {
        const { status, waitingOn } = await this.ask(one);
        const whom = waitingOn.map(({ body, stepName }) => `${body.name.zh}（${stepName.zh}）`);
        return `nothing moves: ${one.caseNo} is ${status} and waits for ${whom.join('、') || 'nobody'}`;
      }),
    );
  }

  get faults(): string[] {
    return [...this.failures, ...this.windows.faults, ...this.offices.faults, ...this.couriers.faults];
  }

  /** What the outside parties did, for the summary. */
  get counts(): Record<string, number> {
    const { windows, offices, ledger, http } = this;
    return {
      'applications over HTTP': windows.counts.http,
      'applications on the topic': windows.counts.topic,
      'materials uploaded': windows.counts.materials,
      'applications sent again, same receipt': windows.counts.repeated,
      'numbers reused, refused': windows.counts.reuseRefused,
      'decisions over HTTP': offices.counts.http,
      'decisions on the topic': offices.counts.topic,
      refusals: ledger.countOf('task-refused'),
      'tasks taken back': ledger.countOf('task-recalled'),
      'parcels delivered': ledger.countOf('parcel-delivered'),
      'parcels lost': ledger.countOf('parcel-lost'),
      'parcels that came back': ledger.countOf('parcel-returned'),
      'requests and messages repeated': http.repeated + offices.counts.repeated,
    };
  }

  private async submit(plan: Plan): Promise<boolean> {
    try {
      if (plan.messages) {
        await this.http.call(`${this.system.urls.messages}/control`, {
          method: 'PUT',
          headers: { 'x-sms-key': this.system.keys.sms },
          json: { mode: plan.messages, count: plan.messages === 'fail' ? 2 : 1 },
        });
      }
      await this.windows.submit(plan);
      return true;
    } catch (error) {
      this.failures.push((error as Error).message);
      return false;
    }
  }

  private isSettled(one: DemoCase): boolean {
    return hasEnded(one) || this.arrived.has(one.caseId);
  }

  /** A case that shall stay open is settled when nothing else is left to wait for. */
  private async lookAtOpenOnes(): Promise<void> {
    if (performance.now() - this.askedAt < ASK_MS) return;
    this.askedAt = performance.now();
    const waiting = this.ledger
      .all()
      .filter((one) => one.plan.leaveOpen && one.applicantDone && !this.arrived.has(one.caseId));
    for (const one of waiting) {
      const { waitingOn } = await this.ask(one);
      if (waitingOn.length > 0 && waitingOn.every(({ stepId }) => stepId === one.plan.leaveOpen))
        this.arrived.add(one.caseId);
    }
  }

  private ask(one: DemoCase): Promise<CaseView> {
    const url = `${this.system.urls.dispatch}/cases/${one.caseId}`;
    return this.http.get<CaseView>(url, this.system.token(`clerk-${one.plan.receiving}`));
  }
}
