/** The service's own database: transactions that carry events out, and plain reads. */
import type pg from 'pg';
import { failpoint } from './failpoints.js';
import { discardPending, flushPending, openPending } from './pending.js';
import { isConflict } from './pg-errors.js';

export interface Query {
  /** Named statements are prepared once per connection; name those on hot paths. */
  name?: string;
  text: string;
  values?: unknown[];
}

/** The only thing `append` takes: a running transaction of `Database.transaction`. */
export interface Tx {
  query<R extends object>(query: Query): Promise<R[]>;
}

/** How often a transaction is run again after a deadlock or serialization failure before the error reaches the caller. */
const CONFLICT_RETRIES = 5;

export class Database {
  private readonly listeners: (() => void)[] = [];

  constructor(readonly pool: pg.Pool) {
    // Without a listener the loss of an idle connection would end the process.
    if (pool.listenerCount('error') === 0) pool.on('error', () => undefined);
  }

  /**
   * Runs `work` in one transaction; appended events are numbered and written last before COMMIT. The whole of it is run again after a
   * deadlock or serialization failure, so `work` must have no effects outside the transaction. Every other error rolls back and is thrown.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transactionOnce(work);
      } catch (error) {
        if (!isConflict(error) || attempt > CONFLICT_RETRIES) throw error;
        // Jittered, so that two transactions that met do not meet again.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt));
      }
    }
  }

  /**
   * The same without the repeats; for callers that have their own. With `idleLimitMs` the database ends the transaction, and with it its locks,
   * when this process has not said anything for so long: a frozen member must not keep the others waiting.
   */
  async transactionOnce<T>(work: (tx: Tx) => Promise<T>, idleLimitMs?: number): Promise<T> {
    const client = await this.pool.connect();
    let lost: Error | undefined;
    const onError = (error: Error): void => {
      lost = error;
    };
    client.on('error', onError);
    const tx = new RunningTx(client);
    openPending(tx);
    let appended: number;
    let result: T;
    try {
      await client.query(
        idleLimitMs === undefined
          ? 'begin'
          : `begin; set local idle_in_transaction_session_timeout = ${Math.round(idleLimitMs)}`,
      );
      result = await work(tx);
      appended = await flushPending(tx);
      await failpoint('outbox.before-commit');
      tx.close();
      // COMMIT of a failed transaction answers ROLLBACK and raises no error.
      const { command } = await client.query('commit');
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back: a query in it had failed');
    } catch (error) {
      tx.close();
      const broken =
        lost ??
        (await client.query('rollback').then(
          () => undefined,
          (failure: Error) => failure,
        ));
      client.off('error', onError);
      client.release(broken);
      throw error;
    } finally {
      discardPending(tx);
    }
    client.off('error', onError);
    client.release(lost);
    if (appended > 0) for (const listener of this.listeners) listener();
    await failpoint('outbox.after-commit');
    return result;
  }

  async query<R extends object>(query: Query): Promise<R[]> {
    return (await this.pool.query<R>(query)).rows;
  }

  /** Called after each commit that appended events. */
  onCommit(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Throws unless a COMMIT of this database survives a crash of its machine. */
  async assertDurable(): Promise<void> {
    const [row] = await this.query<{ fsync: string; commit: string; pages: string }>({
      text: `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages`,
    });
    const faults: string[] = [];
    if (row?.fsync !== 'on') faults.push(`fsync = ${row?.fsync}`);
    if (row?.pages !== 'on') faults.push(`full_page_writes = ${row?.pages}`);
    // `local` waits for this machine's disk, the others for standbys as well.
    if (row?.commit === 'off') faults.push('synchronous_commit = off');
    if (faults.length > 0) throw new Error(`the database would lose committed cases: ${faults.join(', ')}`);
  }
}

class RunningTx implements Tx {
  closed = false;

  constructor(private readonly client: pg.PoolClient) {}

  async query<R extends object>(query: Query): Promise<R[]> {
    if (this.closed) throw new Error('this transaction has ended; its work must wait for all of its queries');
    return (await this.client.query<R>(query)).rows;
  }

  close(): void {
    this.closed = true;
  }
}
