/** What the demo knows about its cases: acknowledged by a receipt, and how far the public feed says they are. */
import type { Plan } from './plan.js';
import type { SeenEvent } from './follow.js';

export interface DemoCase {
  plan: Plan;
  /** The window's own number. */
  number: string;
  caseId: string;
  caseNo: string;
  receiptNo: string;
  status: 'open' | 'suspended' | 'approved' | 'refused';
  applicantDone: boolean;
}

export class Ledger {
  private readonly byId = new Map<string, DemoCase>();
  /** Feed entries that came before the window had its receipt. */
  private readonly early = new Map<string, SeenEvent[]>();
  private readonly onNew: ((one: DemoCase) => void)[] = [];
  private readonly changes = new Map<string, number>();
  /** When anything was heard of any of the cases; `performance.now()`. */
  movedAt = performance.now();

  /** The window has a receipt: from now on the case must not get lost. */
  acknowledge(
    plan: Plan,
    number: string,
    { caseId, caseNo, receiptNo }: Pick<DemoCase, 'caseId' | 'caseNo' | 'receiptNo'>,
  ): DemoCase {
    const one: DemoCase = { plan, number, caseId, caseNo, receiptNo, status: 'open', applicantDone: false };
    this.byId.set(caseId, one);
    this.movedAt = performance.now();
    for (const event of this.early.get(caseId) ?? []) this.note(event);
    this.early.delete(caseId);
    for (const listener of this.onNew) listener(one);
    return one;
  }

  /** An entry of `case.feed.v1`. */
  note(event: SeenEvent): void {
    const one = this.byId.get(event.caseId);
    if (!one) {
      this.early.set(event.caseId, [...(this.early.get(event.caseId) ?? []), event]);
      return;
    }
    const change = String(event.data.change);
    this.changes.set(change, this.countOf(change) + 1);
    this.movedAt = performance.now();
    one.status = event.data.status as DemoCase['status'];
    if (change === 'applicant-done') one.applicantDone = true;
  }

  /** How often the feed told this change of one of the cases. */
  countOf(change: string): number {
    return this.changes.get(change) ?? 0;
  }

  find(caseId: string): DemoCase | undefined {
    return this.byId.get(caseId);
  }

  all(): DemoCase[] {
    return [...this.byId.values()];
  }

  onAcknowledged(listener: (one: DemoCase) => void): void {
    this.onNew.push(listener);
  }
}

export const hasEnded = ({ status }: DemoCase): boolean => status === 'approved' || status === 'refused';
