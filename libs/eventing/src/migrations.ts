import type { MigrationInterface, QueryRunner } from 'typeorm';

const RING = [0, 1, 2, 3] as const;

/** Outbox with its lanes and ring, marks of the consumer, dead letters and parked cases. */
export class Eventing1763000000001 implements MigrationInterface {
  readonly name = 'Eventing1763000000001';

  async up(runner: QueryRunner): Promise<void> {
    // published_seq: everything up to it is on the log. Half-empty pages keep the updates of these rows HOT.
    await runner.query(`
      create table outbox_lane (
        stream text not null,
        lane smallint not null,
        next_seq bigint not null default 1,
        published_seq bigint not null default 0,
        primary key (stream, lane)
      ) with (fillfactor = 50)`);
    // Insert-only; emptied by TRUNCATE, one at a time. The ring's current table is a hint: readers always read all four.
    for (const n of RING) {
      await runner.query(`
        create table outbox_${n} (
          stream text not null,
          lane smallint not null,
          seq bigint not null,
          topic text not null,
          key text not null,
          headers text not null,
          payload text not null,
          created_at timestamptz not null default now(),
          primary key (stream, lane, seq)
        )`);
    }
    await runner.query(`
      create table outbox_ring (
        only_row boolean primary key default true check (only_row),
        current smallint not null,
        rotated_at timestamptz not null
      )`);
    await runner.query(`insert into outbox_ring (current, rotated_at) values (0, now())`);
    const insertInto = (n: number) =>
      `insert into outbox_${n} (stream, lane, seq, topic, key, headers, payload)
         select g.stream, g.lane, first + i.rank - 1, topics[i.n], keys[i.n], headers[i.n], payloads[i.n]
           from unnest(g.ns) with ordinality as i(n, rank);`;
    // One round trip. Lanes are locked in ascending order; each gets its numbers in the order in which the events were appended.
    await runner.query(`
      create function outbox_append(streams text[], lanes smallint[], topics text[], keys text[], headers text[], payloads text[])
      returns void language plpgsql as $$
      declare
        ring smallint;
        g record;
        first bigint;
      begin
        select r.current into ring from outbox_ring r;
        for g in
          select e.stream, e.lane, array_agg(e.n order by e.n) as ns
            from unnest(streams, lanes) with ordinality as e(stream, lane, n)
           group by e.stream, e.lane order by e.stream, e.lane
        loop
          update outbox_lane l set next_seq = l.next_seq + cardinality(g.ns)
           where l.stream = g.stream and l.lane = g.lane
          returning l.next_seq - cardinality(g.ns) into first;
          if not found then
            insert into outbox_lane (stream, lane) values (g.stream, g.lane) on conflict do nothing;
            update outbox_lane l set next_seq = l.next_seq + cardinality(g.ns)
             where l.stream = g.stream and l.lane = g.lane
            returning l.next_seq - cardinality(g.ns) into first;
          end if;
          case ring
            when 0 then ${insertInto(0)}
            when 1 then ${insertInto(1)}
            when 2 then ${insertInto(2)}
            else ${insertInto(3)}
          end case;
        end loop;
      end $$`);

    // Last applied number per stream, topic and partition; for outside topics (source '') the last applied offset and its time.
    await runner.query(`
      create table consumer_mark (
        source text not null,
        topic text not null,
        partition integer not null,
        last_seq bigint not null,
        last_at timestamptz not null,
        primary key (source, topic, partition)
      ) with (fillfactor = 50)`);
    // Headers and key as UTF-8 in bytea: what outsiders send may hold characters that text refuses.
    await runner.query(`
      create table dead_letter (
        id uuid primary key,
        topic text not null,
        partition integer not null,
        log_offset bigint not null,
        key bytea,
        headers bytea not null,
        value bytea not null,
        digest bytea not null,
        appended_at timestamptz not null,
        case_id text,
        type text,
        error text not null,
        attempts integer not null,
        state text not null default 'open' check (state in ('open', 'replayed', 'discarded')),
        stored_at timestamptz not null default now(),
        audit jsonb not null default '[]',
        unique (topic, partition, log_offset, digest)
      )`);
    await runner.query(`create index dead_letter_open on dead_letter (stored_at, id) where state = 'open'`);
    await runner.query(`
      create table parked_case (
        case_id text primary key,
        dead_letter_id uuid not null references dead_letter,
        parked_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table parked_event (
        case_id text not null,
        position bigint generated always as identity,
        topic text not null,
        partition integer not null,
        log_offset bigint not null,
        key bytea,
        headers bytea not null,
        value bytea not null,
        appended_at timestamptz not null,
        primary key (case_id, position)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table parked_event, parked_case, dead_letter, consumer_mark');
    await runner.query('drop function outbox_append(text[], smallint[], text[], text[], text[], text[])');
    await runner.query('drop table outbox_ring, outbox_0, outbox_1, outbox_2, outbox_3, outbox_lane');
  }
}

/** Listed first in the migrations of every service. */
export const eventingMigrations: (new () => MigrationInterface)[] = [Eventing1763000000001];
