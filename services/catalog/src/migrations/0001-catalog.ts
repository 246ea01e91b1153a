import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Localities, bodies, items and procedures. `digest` tells an import what is new or changed. */
export class Catalog1764000000001 implements MigrationInterface {
  readonly name = 'Catalog1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table locality (
        code text primary key,
        name jsonb not null,
        digest text not null
      )`);
    await runner.query(`
      create table body (
        id text primary key,
        function text not null,
        locality text not null references locality,
        document jsonb not null,
        digest text not null
      )`);
    await runner.query(`create index body_by_locality on body (locality, function)`);
    await runner.query(`
      create table procedure (
        id text not null,
        version text not null,
        document jsonb not null,
        digest text not null,
        imported_at timestamptz not null,
        primary key (id, version)
      )`);
    await runner.query(`
      create table item (
        id text primary key,
        procedure_id text not null,
        procedure_version text not null,
        document jsonb not null,
        digest text not null,
        foreign key (procedure_id, procedure_version) references procedure
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table item, procedure, body, locality');
  }
}
