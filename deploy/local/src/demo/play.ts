/** Plays a plan against a running system, through public interfaces only, until every case has ended or waits where it should. */
import { setTimeout as sleep } from 'node:timers/promises';
import { feedStream } from '@lianban/contracts-dispatch/events';
import { receiptStream } from '@lianban/contracts-intake/events';
import { localityTasksTopic } from '@lianban/contracts-review/events';
import { createOutsideClient } from '@lianban/eventing/outside';
import type { Places } from '../issuer/identities.js';
import type { ServiceName } from '../system/services.js';
import type { System } from '../system/system.js';
import { Couriers } from './couriers.js';
import { Follower } from './follow.js';
import { Http } from './http.js';
import { hasEnded, type DemoCase, Ledger } from './ledger.js';
import { Offices } from './offices.js';
import type { Plan } from './plan.js';
import { Windows } from './windows.js';

export interface PlayOptions {
  system: System;
  places: Places;
  plans: readonly Plan[];
  /** Begins the windows' own numbers. */
  run: string;
  /** How many cases may be under way at a time. */
  atOnce: number;
  /** `kill -9` this service in the middle. */
  kill?: ServiceName | undefined;
  say: (line: string) => void;
  onProgress?: (done: number, acknowledged: number) => void;
}

export interface Played {
  cases: DemoCase[];
  /** What no outside party should have met. */
  faults: string[];
  counts: Record<string, number>;
}

/** No case may stand still for so long. */
const STANDSTILL_MS = 180_000;

export async function play(options: PlayOptions): Promise<Played> {
  const { system, places, plans, run, atOnce, say } = options;
  const client = await createOutsideClient(system.eventLog);
  const http = new Http();
  const ledger = new Ledger();
  const windows = new Windows(system, client, http, ledger, run);
  const offices = new Offices(system, client, http, ledger, places.bodies);
  const codes = places.localities.map(({ code }) => code);
  const couriers = new Couriers(system, http, ledger, codes);
  const followers = [
    new Follower(client, receiptStream.topic, (event) => windows.onReceipt(event)),
    new Follower(client, feedStream.topic, (event) => ledger.note(event)),
    ...codes.map((code) => new Follower(client, localityTasksTopic(code), (event) => offices.onTaskEvent(event))),
  ];
  offices.start();
  couriers.start();

  const left = [...plans];
  const under = new Set<DemoCase>();
  let done = 0;
  let killed = options.kill === undefined;
  let movedAt = performance.now();
  const failures: string[] = [];
  let submitting = 0;
  try {
    while (left.length > 0 || submitting > 0 || under.size > 0) {
      while (left.length > 0 && under.size + submitting < atOnce) {
        submitting++;
        const plan = left.shift()!;
        void submit(plan).finally(() => submitting--);
      }
      for (const one of under) {
        if (!(await isSettled(one))) continue;
        under.delete(one);
        done++;
        movedAt = performance.now();
      }
      // In the middle: when a third of the cases are through; with a handful, as soon as they are under way.
      if (!killed && (done >= plans.length / 3 || (plans.length < 10 && ledger.all().length === plans.length))) {
        killed = true;
        say(`kill -9 ${options.kill!}`);
        system.kill(options.kill!);
      }
      options.onProgress?.(done, ledger.all().length);
      if (performance.now() - movedAt > STANDSTILL_MS) {
        failures.push(
          `nothing moved for ${STANDSTILL_MS / 1000} s; under way: ${[...under].map((one) => one.caseNo).join(', ')}`,
        );
        break;
      }
      await sleep(50);
    }
  } finally {
    await Promise.all([offices.stop(), couriers.stop(), ...followers.map((follower) => follower.stop())]);
    await client.close();
  }
  return {
    cases: ledger.all(),
    faults: [...failures, ...windows.faults, ...offices.faults, ...couriers.faults],
    counts: {
      'applications over HTTP': windows.counts.http,
      'applications over the topic': windows.counts.topic,
      'materials uploaded': windows.counts.materials,
      'applications sent twice, one case': windows.counts.repeated,
      'numbers reused, refused with 422': windows.counts.reuseRefused,
      'decisions over HTTP': offices.counts.http,
      'decisions over the topic': offices.counts.topic,
      refusals: offices.counts.refused,
      'tasks taken back': offices.counts.recalled,
      'parcels posted': couriers.counts.posted,
      'parcels lost': couriers.counts.lost,
      'parcels that came back': couriers.counts.returned,
      'calls repeated': http.repeated + offices.counts.repeated,
    },
  };

  async function submit(plan: Plan): Promise<void> {
    try {
      if (plan.messages) {
        await http.call(`${system.urls.messages}/control`, {
          method: 'PUT',
          headers: { 'x-sms-key': system.keys.sms },
          json: { mode: plan.messages, count: plan.messages === 'fail' ? 2 : 1 },
        });
      }
      under.add(await windows.submit(plan));
      movedAt = performance.now();
    } catch (error) {
      failures.push((error as Error).message);
    }
  }

  /** Ended, or nothing left to wait for but the step its body leaves open. */
  async function isSettled(one: DemoCase): Promise<boolean> {
    if (hasEnded(one)) return true;
    const { leaveOpen, receiving } = one.plan;
    if (!leaveOpen || !one.applicantDone) return false;
    const { waitingOn } = await http.get<{ waitingOn: { stepId: string }[] }>(
      `${system.urls.dispatch}/cases/${one.caseId}`,
      system.token(`clerk-${receiving}`),
    );
    return waitingOn.length > 0 && waitingOn.every(({ stepId }) => stepId === leaveOpen);
  }
}
