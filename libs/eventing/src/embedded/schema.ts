/** Tables of the embedded log, in a schema and normally a database of their own. Created on first use by whoever comes first. */
import type pg from 'pg';

/** Each step runs once, in order. Never change one: append. */
const steps: readonly string[] = [
  `
  create table lianban_log.topic (
    id integer generated always as identity primary key,
    name text not null unique,
    partitions integer not null check (partitions > 0),
    compacted boolean not null,
    max_message_bytes integer not null
  );
  -- One row per partition: its lock makes offsets gapless and equal to commit order.
  create table lianban_log.partition (
    topic_id integer not null references lianban_log.topic on delete cascade,
    partition integer not null,
    next_offset bigint not null default 0,
    primary key (topic_id, partition)
  ) with (fillfactor = 50);
  -- Key and headers (JSON) as UTF-8 in bytea: outsiders may send characters that text refuses.
  create table lianban_log.record (
    topic_id integer not null,
    partition integer not null,
    log_offset bigint not null,
    key bytea,
    headers bytea not null,
    value bytea not null,
    appended_at timestamptz not null default clock_timestamp(),
    primary key (topic_id, partition, log_offset)
  );
  create table lianban_log.group_member (
    group_name text not null,
    member uuid not null,
    topics text[] not null,
    lease_until timestamptz not null,
    primary key (group_name, member)
  );
  -- position: next offset to read. generation counts the owners; a commit of an earlier one changes nothing.
  create table lianban_log.group_partition (
    group_name text not null,
    topic_id integer not null references lianban_log.topic on delete cascade,
    partition integer not null,
    position bigint not null default 0,
    owner uuid,
    generation bigint not null default 0,
    lease_until timestamptz,
    primary key (group_name, topic_id, partition)
  ) with (fillfactor = 50);
  create function lianban_log.append(topic_ids integer[], partitions integer[], keys bytea[], headers bytea[], message_values bytea[])
  returns void language plpgsql as $$
  declare
    g record;
    first bigint;
  begin
    for g in
      select e.topic_id, e.partition, array_agg(e.n order by e.n) as ns
        from unnest(topic_ids, partitions) with ordinality as e(topic_id, partition, n)
       group by e.topic_id, e.partition order by e.topic_id, e.partition
    loop
      update lianban_log.partition p set next_offset = p.next_offset + cardinality(g.ns)
       where p.topic_id = g.topic_id and p.partition = g.partition
      returning p.next_offset - cardinality(g.ns) into first;
      if not found then
        raise exception 'topic % has no partition %', g.topic_id, g.partition;
      end if;
      insert into lianban_log.record (topic_id, partition, log_offset, key, headers, value)
      select g.topic_id, g.partition, first + i.rank - 1, keys[i.n], headers[i.n], message_values[i.n]
        from unnest(g.ns) with ordinality as i(n, rank);
      -- Same payloads within one transaction become one notification.
      perform pg_notify('lianban_log', 'topic ' || g.topic_id);
    end loop;
  end $$;
  `,
];

const LOCK_SPACE = 1_279_872_322;
const LOCK_SCHEMA = 2;

export async function ensureSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(${LOCK_SPACE}, ${LOCK_SCHEMA})`);
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('lianban_log.version') is not null as there`,
    );
    if (!rows[0]?.there) {
      await client.query('create schema if not exists lianban_log');
      await client.query(
        'create table lianban_log.version (only_row boolean primary key default true check (only_row), steps integer not null)',
      );
      await client.query('insert into lianban_log.version (steps) values (0)');
    }
    const done = await client.query<{ steps: number }>('select steps from lianban_log.version');
    const from = done.rows[0]?.steps ?? 0;
    for (const step of steps.slice(from)) await client.query(step);
    if (from < steps.length) {
      await client.query({ text: 'update lianban_log.version set steps = $1', values: [steps.length] });
    }
    await client.query('commit');
    client.release();
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(true);
    throw error;
  }
}
