/** Window systems: upload materials, hand in applications over HTTP or the topic, and wait for the receipt. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WINDOW_INTAKE_TOPIC } from '@lianban/contracts-intake/events';
import type { OutsideClient } from '@lianban/eventing/outside';
import type { System } from '../system/system.js';
import { pdf, png } from './files.js';
import type { SeenEvent } from './follow.js';
import type { Http } from './http.js';
import type { DemoCase, Ledger } from './ledger.js';
import { materialsOf, type Plan } from './plan.js';

interface Receipt {
  caseId: string;
  caseNo: string;
  receiptNo: string;
}
type Reply = { kind: 'issued'; receipt: Receipt } | { kind: 'rejected'; code: string };

/** A window asks again when no receipt came for so long. */
const ASK_AGAIN_MS = 20_000;
const GIVE_UP_MS = 180_000;

export class Windows {
  private readonly replies = new Map<string, Reply[]>();
  /** Repeats that got the same answer, and numbers reused that were refused. */
  readonly counts = { http: 0, topic: 0, materials: 0, repeated: 0, reuseRefused: 0 };
  readonly faults: string[] = [];

  constructor(
    private readonly system: System,
    private readonly client: OutsideClient,
    private readonly http: Http,
    private readonly ledger: Ledger,
    /** Begins every number of this run, so that a system can be used for many. */
    private readonly run: string,
  ) {}

  /** An event of `window.receipts.v1`. */
  onReceipt(event: SeenEvent): void {
    const source = event.data.source as { system: string; number: string | null };
    if (source.number === null) return;
    const key = `${source.system} ${source.number}`;
    if (event.type === 'intake.receipt.issued') {
      const { caseNo, receiptNo } = event.data as unknown as Receipt;
      this.keep(key, { kind: 'issued', receipt: { caseId: event.caseId, caseNo, receiptNo } });
    } else if (event.type === 'intake.receipt.rejected') {
      this.keep(key, { kind: 'rejected', code: String(event.data.code) });
    }
  }

  private keep(key: string, reply: Reply): void {
    this.replies.set(key, [...(this.replies.get(key) ?? []), reply]);
  }

  async submit(plan: Plan): Promise<DemoCase> {
    const system = `window-${plan.receiving}`;
    const token = this.system.token(system);
    const number = `${this.run}-${String(plan.n).padStart(5, '0')}`;
    const materials: { kind: string; materialId: string; original?: true }[] = [];
    for (const { kind, original } of materialsOf[plan.item]) {
      const materialId = await this.upload(token, `${number} ${kind}`, kind === 'id-card');
      materials.push({ kind, materialId, ...(original ? { original } : {}) });
    }
    const { item, receiving: receivingLocality, applicant, form } = plan;
    const application = { source: { system, number }, item, receivingLocality, applicant, form, materials };
    const send = plan.via === 'http' ? this.post.bind(this) : this.publish.bind(this);
    const reply = await send(token, application);
    if (reply.kind === 'rejected') throw new Error(`application ${number} (${item}) was refused: ${reply.code}`);
    this.counts[plan.via]++;
    const one = this.ledger.acknowledge(plan, reply.receipt);
    if (plan.repeat) {
      const again = await this.post(token, application);
      if (again.kind === 'issued' && again.receipt.caseId === one.caseId) this.counts.repeated++;
      else this.faults.push(`${number} sent again got another answer: ${JSON.stringify(again)}`);
    }
    if (plan.reuse) {
      const other = await this.post(token, { ...application, applicant: { ...applicant, phone: '13900000000' } });
      if (other.kind === 'rejected' && other.code === 'application.number-reused') this.counts.reuseRefused++;
      else this.faults.push(`${number} with other content was not refused: ${JSON.stringify(other)}`);
    }
    return one;
  }

  private async upload(token: string, text: string, image: boolean): Promise<string> {
    const form = () => {
      const data = new FormData();
      const content = image ? png(text) : pdf(text);
      const type = image ? 'image/png' : 'application/pdf';
      data.set('file', new Blob([new Uint8Array(content)], { type }), image ? 'scan.png' : 'scan.pdf');
      return data;
    };
    const { status, body } = await this.http.call<{ materialId: string }>(`${this.system.urls.intake}/materials`, {
      method: 'POST',
      token,
      form,
    });
    if (status !== 201) throw new Error(`a material was refused: ${status} ${JSON.stringify(body)}`);
    this.counts.materials++;
    return body.materialId;
  }

  private async post(token: string, application: object): Promise<Reply> {
    const { status, body } = await this.http.call<Receipt & { code: string }>(
      `${this.system.urls.intake}/applications`,
      { method: 'POST', token, json: application },
    );
    if (status === 200 || status === 201) return { kind: 'issued', receipt: body };
    return { kind: 'rejected', code: body.code };
  }

  private async publish(token: string, application: { source: { system: string; number: string } }): Promise<Reply> {
    const { system, number } = application.source;
    const key = `${system} ${number}`;
    const deadline = performance.now() + GIVE_UP_MS;
    for (;;) {
      await this.client.publish(WINDOW_INTAKE_TOPIC, [
        { key: number, headers: { authorization: `Bearer ${token}` }, value: JSON.stringify(application) },
      ]);
      const askAgainAt = performance.now() + ASK_AGAIN_MS;
      while (performance.now() < askAgainAt) {
        const reply = this.replies.get(key)?.[0];
        // "Not now" is no answer: the window sends it again.
        if (reply?.kind === 'rejected' && reply.code === 'application.item-not-ready') {
          this.replies.delete(key);
          await sleep(500);
          break;
        }
        if (reply) return reply;
        await sleep(20);
      }
      if (performance.now() > deadline) throw new Error(`no receipt for ${number} within ${GIVE_UP_MS / 1000} s`);
    }
  }
}
