import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';

/** Why the database cannot be used yet; undefined when it can. The lock is the one `runMigrations` holds from its first to its last migration. */
async function obstacle(pool: pg.Pool): Promise<string | undefined> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    return `cannot be reached: ${(error as Error).message || (error as { code?: string }).code || 'no answer'}`;
  }
  try {
    const { rows } = await client.query<{ free: boolean; migrated: boolean }>(
      `select pg_try_advisory_lock_shared(hashtext('lianban:migrate')) as free, to_regclass('migrations') is not null as migrated`,
    );
    if (!rows[0]!.free) return 'is being migrated';
    await client.query(`select pg_advisory_unlock_shared(hashtext('lianban:migrate'))`);
    return rows[0]!.migrated ? undefined : 'has not been migrated; run dist/migrate.js of the service';
  } catch (error) {
    return `does not answer: ${(error as Error).message}`;
  } finally {
    client.release();
  }
}

/** Resolves when the database is reachable and migrated; says what it waits for. Rejects with one sentence after `limitMs`. */
export async function waitForDatabase(
  pool: pg.Pool,
  { logger, limitMs, everyMs = 500 }: { logger: Pick<Logger, 'warn' | 'info'>; limitMs: number; everyMs?: number },
): Promise<void> {
  const deadline = performance.now() + limitMs;
  let said: string | undefined;
  for (;;) {
    const reason = await obstacle(pool);
    if (reason === undefined) {
      if (said !== undefined) logger.info({}, 'the database is usable now');
      return;
    }
    if (performance.now() >= deadline)
      throw new Error(`the database ${reason} (waited ${Math.round(limitMs / 1000)} s)`);
    if (said !== reason) logger.warn({ reason }, `waiting: the database ${reason}`);
    said = reason;
    await sleep(everyMs);
  }
}
