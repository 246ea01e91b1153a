/** Courier desks: seal and post what waits at their window or body, and send again what was lost or came back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { System } from '../system/system.js';
import type { Http } from './http.js';
import type { Ledger } from './ledger.js';

interface Parcel {
  id: string;
  caseId: string;
  attempt: number;
  actions: ('seal' | 'post' | 'resend')[];
}

const POLL_MS = 400;
/** Where a parcel waits for its sender; a sealed one only where a desk was interrupted. */
const WAITING = ['requested', 'lost', 'returned', 'sealed'];

export class Couriers {
  private stopping = false;
  private loops: Promise<void>[] = [];
  private readonly doomed = new Set<string>();
  readonly faults: string[] = [];

  constructor(
    private readonly system: System,
    private readonly http: Http,
    private readonly ledger: Ledger,
    private readonly localities: readonly string[],
  ) {}

  start(): void {
    this.loops = this.localities.map((code) => this.desk(code));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  private async desk(locality: string): Promise<void> {
    const token = this.system.token(`courier-${locality}`);
    const url = `${this.system.urls.courier}/parcels`;
    while (!this.stopping) {
      await sleep(POLL_MS);
      if (!this.parcelsAreOut()) continue;
      try {
        const lists = await Promise.all(
          WAITING.map((state) => this.http.list<Parcel>(`${url}?direction=out&state=${state}`, token)),
        );
        // One after the other: a desk has one pair of hands.
        for (const parcel of lists.flat()) if (this.ledger.find(parcel.caseId)) await this.handle(url, parcel, token);
      } catch (error) {
        this.faults.push(`courier desk ${locality}: ${(error as Error).message}`);
      }
    }
  }

  private parcelsAreOut(): boolean {
    return this.ledger.countOf('parcel-requested') > this.ledger.countOf('parcel-delivered');
  }

  private async handle(url: string, parcel: Parcel, token: string): Promise<void> {
    for (let now = parcel; now.actions.length > 0;) {
      const action = now.actions[0]!;
      if (action === 'post') await this.doom(now);
      const json = {
        seal: { sealNo: `FH-${now.id.slice(0, 8)}-${now.attempt}` },
        post: undefined,
        resend: { reason: '已重新制作并再次寄出' },
      }[action];
      const { status, body } = await this.http.call<Parcel & { code: string }>(`${url}/${now.id}/${action}`, {
        method: 'POST',
        token,
        ...(json ? { json } : {}),
      });
      // A repeated request whose first answer was lost: the list will show where it stands.
      if (status === 409) return;
      if (status !== 200 && status !== 202) {
        this.faults.push(`${action} of parcel ${now.id}: ${status} ${body.code}`);
        return;
      }
      now = body;
    }
  }

  /** Tells the simulated carrier what shall become of the next parcel, once per case. */
  private async doom({ caseId, attempt }: Parcel): Promise<void> {
    const fate = this.ledger.find(caseId)?.plan.parcel;
    if (!fate || attempt > 1 || this.doomed.has(caseId)) return;
    this.doomed.add(caseId);
    await this.http.call(`${this.system.urls.carrier}/control`, {
      method: 'PUT',
      headers: { 'x-carrier-key': this.system.keys.carrier },
      json: { fate, count: 1 },
    });
  }
}
