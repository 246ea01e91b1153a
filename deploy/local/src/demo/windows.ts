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

type Receipt = Pick<DemoCase, 'caseId' | 'caseNo' | 'receiptNo'>;
type Reply = { kind: 'issued'; receipt: Receipt } | { kind: 'rejected'; code: string };
interface Application extends Record<string, unknown> {
  source: { system: string; number: string };
}

/** A window hands in again when no receipt came for so long. */
const ASK_AGAIN_MS = 20_000;
const GIVE_UP_MS = 60_000;

export class Windows {
  /** Who waits for the receipt of a number. */
  private readonly waiting = new Map<string, (reply: Reply) => void>();
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
    const { system, number } = event.data.source as { system: string; number: string | null };
    const answer = this.waiting.get(`${system} ${number}`);
    if (event.type === 'intake.receipt.issued') {
      const { caseNo, receiptNo } = event.data as unknown as Receipt;
      answer?.({ kind: 'issued', receipt: { caseId: event.caseId, caseNo, receiptNo } });
    } else if (event.type === 'intake.receipt.rejected') {
      answer?.({ kind: 'rejected', code: String(event.data.code) });
    }
  }

  /** Resolves once the application is acknowledged; throws when it is refused or nobody answers. */
  async submit(plan: Plan): Promise<void> {
    const system = `window-${plan.receiving}`;
    const token = this.system.token(system);
    const number = `${this.run}-${String(plan.n).padStart(5, '0')}`;
    const materials = await Promise.all(
      materialsOf[plan.item].map(async ({ kind, original }) => ({
        kind,
        materialId: await this.upload(token, `${number} ${kind}`, kind === 'id-card'),
        ...(original ? { original } : {}),
      })),
    );
    const { item, receiving: receivingLocality, applicant, form } = plan;
    const application = { source: { system, number }, item, receivingLocality, applicant, form, materials };
    const reply = await (plan.via === 'http' ? this.post(token, application) : this.publish(token, application));
    if (reply.kind === 'rejected') throw new Error(`application ${number} (${item}) was refused: ${reply.code}`);
    this.counts[plan.via]++;
    const { caseId } = this.ledger.acknowledge(plan, number, reply.receipt);
    if (plan.repeat) {
      const again = await this.post(token, application);
      if (again.kind === 'issued' && again.receipt.caseId === caseId) this.counts.repeated++;
      else this.faults.push(`${number} sent again got another answer: ${JSON.stringify(again)}`);
    }
    if (plan.reuse) {
      const other = await this.post(token, { ...application, applicant: { ...applicant, phone: '13900000000' } });
      if (other.kind === 'rejected' && other.code === 'application.number-reused') this.counts.reuseRefused++;
      else this.faults.push(`${number} with other content was not refused: ${JSON.stringify(other)}`);
    }
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

  private async post(token: string, application: Application): Promise<Reply> {
    const { status, body } = await this.http.call<Receipt & { code: string }>(
      `${this.system.urls.intake}/applications`,
      { method: 'POST', token, json: application },
    );
    if (status === 200 || status === 201) return { kind: 'issued', receipt: body };
    return { kind: 'rejected', code: body.code };
  }

  private async publish(token: string, application: Application): Promise<Reply> {
    const { system, number } = application.source;
    const key = `${system} ${number}`;
    const message = {
      key: number,
      headers: { authorization: `Bearer ${token}` },
      value: JSON.stringify(application),
    };
    try {
      for (const deadline = performance.now() + GIVE_UP_MS; performance.now() < deadline;) {
        const reply = new Promise<Reply>((resolve) => this.waiting.set(key, resolve));
        await this.client.publish(WINDOW_INTAKE_TOPIC, [message]);
        const answer = await Promise.race([reply, sleep(ASK_AGAIN_MS, undefined, { ref: false })]);
        // "Not now" is no answer: the window sends it again.
        if (answer?.kind === 'rejected' && answer.code === 'application.item-not-ready') await sleep(500);
        else if (answer) return answer;
      }
      throw new Error(`no receipt for ${number} within ${GIVE_UP_MS / 1000} s`);
    } finally {
      this.waiting.delete(key);
    }
  }
}
