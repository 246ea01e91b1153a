import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whom to tell, what to tell, and every attempt to tell it. */
export class Notice1764000000001 implements MigrationInterface {
  readonly name = 'Notice1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    // Copied from the application: how its applicant is reached.
    await runner.query(`
      create table contact (
        case_id uuid primary key,
        case_no text not null,
        item jsonb not null,
        place jsonb not null,
        locality text not null,
        phone text not null,
        email text
      )`);
    await runner.query(`create index contact_by_locality on contact (locality)`);
    // A notice may come before its contact, since the two travel on different topics: it then waits for it.
    await runner.query(`
      create table notice (
        id uuid primary key,
        case_id uuid not null,
        template text not null,
        round text not null,
        facts jsonb not null,
        correlation_id text not null,
        cause_id text not null,
        created_at timestamptz not null,
        status text not null check (status in ('due', 'sent', 'failed')),
        channel text check (channel in ('sms', 'email')),
        channel_tries integer not null,
        attempts integer not null,
        text text,
        due_at timestamptz,
        message_id text,
        error text,
        settled_at timestamptz,
        unique (case_id, template, round)
      ) with (fillfactor = 80)`);
    await runner.query(`create index notice_by_age on notice (created_at desc, id)`);
    // When a notice is to be sent (again); also the lease of the instance that sends it.
    await runner.query(`
      create table notice_due (
        notice_id uuid primary key references notice,
        due_at timestamptz not null
      )`);
    await runner.query(`create index notice_due_by_time on notice_due (due_at)`);
    await runner.query(`
      create table notice_attempt (
        notice_id uuid not null references notice,
        n integer not null,
        channel text not null,
        started_at timestamptz not null,
        finished_at timestamptz,
        result text,
        ms integer,
        message_id text,
        primary key (notice_id, n)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table notice_attempt, notice_due, notice, contact');
  }
}
