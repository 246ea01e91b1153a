import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Applications, materials, their numbers, and the copies of the catalog. */
export class Application1764000000001 implements MigrationInterface {
  readonly name = 'Application1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    // The idempotency key, kept for ever, also when applications are archived one day.
    await runner.query(`
      create table submission (
        source_system text not null,
        source_number text not null,
        digest text not null,
        case_id uuid not null unique,
        primary key (source_system, source_number)
      )`);
    await runner.query(`
      create table application (
        case_id uuid primary key,
        case_no text not null unique,
        receipt_no text not null unique,
        source_system text not null,
        source_number text not null,
        item_id text not null,
        item_name jsonb not null,
        procedure_id text not null,
        procedure_version text not null,
        receiving_locality text not null,
        receiving_locality_name jsonb not null,
        party_localities text[] not null,
        parties jsonb not null,
        applicant jsonb not null,
        form jsonb not null,
        materials jsonb not null,
        submitted_by text not null,
        correlation_id text not null,
        status text not null check (status in ('received', 'concluded')),
        outcome text check (outcome in ('approved', 'refused')),
        reason text,
        received_at timestamptz not null,
        concluded_at timestamptz,
        check ((status = 'concluded') = (concluded_at is not null))
      ) with (fillfactor = 80)`);
    await runner.query(
      `create index application_by_locality on application (receiving_locality, received_at desc, case_id desc)`,
    );
    await runner.query(
      `create index application_by_source on application (source_system, received_at desc, case_id desc)`,
    );
    await runner.query(`create index application_by_number on application (source_number)`);
    await runner.query(`create index application_by_age on application (received_at desc, case_id desc)`);
    // Counts the cases of a locality and a day in China; the row is locked until COMMIT, so numbers have no gaps.
    await runner.query(`
      create table case_counter (
        locality text not null,
        day text not null,
        last integer not null,
        primary key (locality, day)
      ) with (fillfactor = 50)`);
    await runner.query(`
      create table material (
        id uuid primary key,
        locality text not null,
        uploaded_by text not null,
        file_name text,
        media_type text not null,
        size bigint not null check (size > 0),
        sha256 text not null,
        uploaded_at timestamptz not null
      )`);
    await runner.query(`
      create table application_material (
        material_id uuid not null references material,
        case_id uuid not null references application,
        primary key (material_id, case_id)
      )`);
    // Messages of window systems that were answered; a redelivered one is not answered again.
    await runner.query(`
      create table answered_message (
        partition integer not null,
        "offset" text not null,
        appended_at timestamptz not null,
        primary key (partition, "offset", appended_at)
      )`);
    await runner.query(`create table item_copy (id text primary key, document jsonb not null)`);
    await runner.query(`
      create table body_copy (
        id text primary key,
        locality text not null,
        document jsonb not null
      )`);
    await runner.query(`create index body_copy_by_locality on body_copy (locality)`);
    await runner.query(`
      create table procedure_copy (
        id text not null,
        version text not null,
        document jsonb not null,
        primary key (id, version)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table procedure_copy, body_copy, item_copy, answered_message, application_material, material, case_counter, application, submission',
    );
  }
}
