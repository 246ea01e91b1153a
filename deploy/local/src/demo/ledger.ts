/** What the demo knows about its cases: acknowledged by a receipt, and how far the public feed says they are. */
import type { Plan } from './plan.js';
import type { SeenEvent } from './follow.js';

export interface DemoCase {
  plan: Plan;
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

  /** The window has a receipt: from now on the case must not get lost. */
  acknowledge(plan: Plan, receipt: { caseId: string; caseNo: string; receiptNo: string }): DemoCase {
    const known = this.byId.get(receipt.caseId);
    if (known) return known;
    const { caseId, caseNo, receiptNo } = receipt;
    const one: DemoCase = { plan, caseId, caseNo, receiptNo, status: 'open', applicantDone: false };
    this.byId.set(caseId, one);
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
    one.status = event.data.status as DemoCase['status'];
    if (event.data.change === 'applicant-done') one.applicantDone = true;
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
