import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The joint case, its timeline, and the copy of the catalog's procedures. */
export class JointCase1764000000001 implements MigrationInterface {
  readonly name = 'JointCase1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table joint_case (
        id uuid primary key,
        case_no text not null unique,
        item jsonb not null,
        procedure_id text not null,
        procedure_version text not null,
        receiving_locality jsonb not null,
        parties jsonb not null,
        localities text[] not null,
        applicant jsonb not null,
        form jsonb not null,
        materials jsonb not null,
        correlation_id text not null,
        received_at timestamptz not null,
        status text not null check (status in ('awaiting-procedure', 'open', 'suspended', 'approved', 'refused')),
        changes integer not null,
        state jsonb,
        waiting_on jsonb not null,
        certificates jsonb not null,
        due_at timestamptz,
        provisional boolean not null,
        opened_at timestamptz,
        applicant_done_at timestamptz,
        concluded_at timestamptz
      ) with (fillfactor = 80)`);
    await runner.query(`create index joint_case_by_locality on joint_case using gin (localities)`);
    await runner.query(`create index joint_case_by_status on joint_case (status, received_at desc, id)`);
    await runner.query(`create index joint_case_by_age on joint_case (received_at desc, id)`);
    await runner.query(
      `create index joint_case_awaiting on joint_case (procedure_id, procedure_version) where status = 'awaiting-procedure'`,
    );
    // tx and position order the feed by commit: a reader that stays below the oldest running transaction never skips an entry.
    await runner.query(`
      create table case_timeline (
        case_id uuid not null references joint_case,
        n integer not null,
        at timestamptz not null,
        change text not null,
        status text not null,
        step jsonb,
        body jsonb,
        text jsonb not null,
        tx xid8 not null default pg_current_xact_id(),
        position bigint generated always as identity,
        primary key (case_id, n)
      )`);
    await runner.query(`create index case_timeline_feed on case_timeline (tx, position)`);
    await runner.query(`
      create table procedure_copy (
        id text not null,
        version text not null,
        document jsonb not null,
        primary key (id, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table procedure_copy, case_timeline, joint_case');
  }
}
