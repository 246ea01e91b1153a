import { DataSource, type MixedList } from 'typeorm';
import { requiredSetting } from './config.js';

type MigrationClass = new () => { up: unknown; down: unknown };

/** Brings the service's database to the newest version, as its owner (role migrator), one runner at a time. Prints what it did. */
export async function runMigrations(
  service: string,
  migrations: readonly MigrationClass[],
  url = requiredSetting('MIGRATOR_DATABASE_URL'),
): Promise<void> {
  // TypeORM's type for the option asks for functions or names; classes are functions.
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: [...migrations] as unknown as MixedList<string>,
    migrationsTransactionMode: 'each',
    logging: ['error'],
  });
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    await runner.query(`select pg_advisory_lock(hashtext('lianban:migrate'))`);
    const ran = await source.runMigrations();
    console.log(
      `${service}: ${ran.length === 0 ? 'database is up to date' : `migrated: ${ran.map((migration) => migration.name).join(', ')}`}`,
    );
  } finally {
    await runner.query(`select pg_advisory_unlock(hashtext('lianban:migrate'))`);
    await runner.release();
    await source.destroy();
  }
}
