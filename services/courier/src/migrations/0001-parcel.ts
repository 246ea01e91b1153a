import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Parcels, their custody chain, their incidents, and what the carrier told. */
export class Parcel1764000000001 implements MigrationInterface {
  readonly name = 'Parcel1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table parcel (
        id uuid primary key,
        case_id uuid not null,
        case_no text not null,
        step_id text not null,
        contents text not null,
        things jsonb not null,
        sender jsonb not null,
        receiver jsonb not null,
        sender_locality text not null,
        receiver_locality text not null,
        payer text not null,
        correlation_id text not null,
        requested_at timestamptz not null,
        status text not null check (status in ('requested', 'sealed', 'posting', 'posted', 'in-transit', 'delivered', 'lost', 'returned')),
        attempt integer not null check (attempt >= 1),
        custody_steps integer not null,
        seal_no text,
        waybill text,
        changed_at timestamptz not null,
        posting jsonb
      ) with (fillfactor = 80)`);
    await runner.query(`create index parcel_by_sender on parcel (sender_locality, requested_at desc, id)`);
    await runner.query(`create index parcel_by_receiver on parcel (receiver_locality, requested_at desc, id)`);
    await runner.query(`create index parcel_by_case on parcel (case_id)`);
    // When a parcel in state posting is to be handed to the carrier (again); also the lease of the instance that does it.
    await runner.query(`
      create table posting_due (
        parcel_id uuid primary key references parcel,
        due_at timestamptz not null
      )`);
    await runner.query(`create index posting_due_by_time on posting_due (due_at)`);
    await runner.query(`
      create table custody (
        parcel_id uuid not null references parcel,
        n integer not null,
        attempt integer not null,
        at timestamptz not null,
        what text not null check (what in ('sealed', 'handed-to-carrier', 'signed', 'lost', 'returned', 'resent')),
        by_whom text not null,
        giver jsonb not null,
        taker jsonb,
        seal_no text,
        waybill text,
        note text,
        primary key (parcel_id, n)
      )`);
    await runner.query(`
      create table incident (
        parcel_id uuid not null references parcel,
        attempt integer not null,
        kind text not null check (kind in ('lost', 'returned')),
        at timestamptz not null,
        resolved_at timestamptz,
        resolution text,
        primary key (parcel_id, attempt)
      )`);
    await runner.query(`
      create table waybill (
        waybill text primary key,
        parcel_id uuid not null references parcel,
        attempt integer not null,
        unique (parcel_id, attempt)
      )`);
    await runner.query(`
      create table carrier_event (
        n bigint primary key,
        waybill text not null,
        kind text not null,
        place text not null,
        at timestamptz not null,
        signed_by text,
        state text not null check (state in ('waiting', 'applied', 'ignored'))
      )`);
    await runner.query(`create index carrier_event_by_waybill on carrier_event (waybill, n)`);
    await runner.query(
      `create table carrier_cursor (one boolean primary key default true check (one), last_n bigint not null)`,
    );
    await runner.query(`insert into carrier_cursor (last_n) values (0)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table carrier_cursor, carrier_event, waybill, incident, custody, posting_due, parcel');
  }
}
