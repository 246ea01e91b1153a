import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tasks, their one decision, certificates with gapless counters, and the books of the back offices' messages. */
export class DepartmentTask1764000000001 implements MigrationInterface {
  readonly name = 'DepartmentTask1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table task (
        id uuid primary key,
        case_id uuid not null,
        correlation_id text not null,
        case_no text not null,
        item jsonb not null,
        receiving_locality jsonb not null,
        step_id text not null,
        step_name jsonb not null,
        party text not null,
        body jsonb not null,
        body_id text not null,
        locality text not null,
        due_at timestamptz,
        provisional boolean not null,
        limit_basis text,
        produces jsonb not null,
        applicant jsonb not null,
        form jsonb not null,
        materials jsonb not null,
        requested_at timestamptz not null,
        status text not null check (status in ('open', 'claimed', 'decided', 'recalled')),
        claimed_by text,
        claimed_by_name text,
        claimed_at timestamptz,
        recalled_at timestamptz,
        recall_reason text,
        check (status <> 'claimed' or (claimed_by is not null and claimed_at is not null)),
        check (status <> 'recalled' or (recalled_at is not null and recall_reason is not null))
      ) with (fillfactor = 80)`);
    // The work list: what still waits, by due date.
    await runner.query(
      `create index task_open_work on task (locality, body_id, due_at, id) where status in ('open', 'claimed')`,
    );
    await runner.query(`create index task_by_locality on task (locality, due_at, id)`);
    await runner.query(`create index task_by_case_no on task (case_no)`);
    // One row per task, by key: a second decision cannot be stored.
    await runner.query(`
      create table decision (
        task_id uuid primary key references task,
        outcome text not null check (outcome in ('approve', 'refuse')),
        reason text,
        reference text,
        decided_by text not null,
        decided_by_name text,
        decided_at timestamptz not null,
        check (outcome <> 'refuse' or reason is not null)
      )`);
    await runner.query(`
      create table certificate_counter (
        series text primary key,
        last integer not null check (last > 0)
      ) with (fillfactor = 50)`);
    await runner.query(`
      create table certificate (
        id uuid primary key,
        task_id uuid not null unique references decision,
        case_id uuid not null,
        case_no text not null,
        kind text not null,
        name jsonb not null,
        number text not null unique,
        item jsonb not null,
        body jsonb not null,
        locality text not null,
        holder jsonb not null,
        verification_code text not null unique,
        template integer not null,
        document text not null,
        sha256 text not null,
        issued_at timestamptz not null,
        revoked_at timestamptz,
        revoke_reason text
      )`);
    await runner.query(`create index certificate_by_locality on certificate (locality, issued_at desc, id)`);
    await runner.query(`create index certificate_by_case_no on certificate (case_no)`);
    // The time the log took a message in is part of the key: a log that was set up anew counts its offsets from the start again.
    await runner.query(`
      create table result_message (
        partition integer not null,
        log_offset bigint not null,
        appended_at timestamptz not null,
        task_id text,
        answered_to text,
        code text,
        recorded_at timestamptz not null,
        primary key (partition, log_offset, appended_at)
      )`);
    await runner.query(`create index result_message_by_age on result_message (recorded_at)`);
    // What was sent is kept where it was refused; of an oversized message its beginning.
    await runner.query(`
      create table rejected_result (
        partition integer not null,
        log_offset bigint not null,
        appended_at timestamptz not null,
        code text not null,
        findings jsonb not null,
        subject text,
        locality text,
        message_key text,
        size integer not null,
        sha256 text not null,
        head bytea not null,
        recorded_at timestamptz not null,
        primary key (partition, log_offset, appended_at)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table rejected_result, result_message, certificate, certificate_counter, decision, task');
  }
}
