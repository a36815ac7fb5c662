/**
 * Brings a database to the present schema: numbered SQL files, each once, each in its own transaction, and then the walls
 * between merchants around whatever tables there are.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { type Database, statement, type Tx } from './database.ts';
import { raiseWalls, rewordWalls } from './walls.ts';

const folder = new URL('./migrations/', import.meta.url);

/** Any number, the same for every gateway: only one migrates at a time. */
const lockKey = 4_010_001;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

/** A large table takes its time, and so does waiting for another gateway that migrates. */
const answerTimeoutMs = 24 * 60 * 60_000;
const takeTime = statement('migration/take-time', 'set local statement_timeout = 0');
const lock = statement('migration/lock', `select pg_advisory_xact_lock(${lockKey})`);
const create = statement(
  'migration/create',
  `create table if not exists migration (
     version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null)`,
);
const list = statement<{ version: number; checksum: string }>(
  'migration/list',
  'select version, checksum from migration order by version',
);
const insert = statement(
  'migration/insert',
  'insert into migration (version, name, checksum, applied_at) values ($1, $2, $3, $4)',
);

/** A newer version has changed the schema: there is nothing to do, and this version may work on it. */
export class SchemaAhead extends Error {
  override readonly name = 'SchemaAhead';
}

/**
 * Applies what is missing.
 *
 * @returns how many files were applied
 * @throws SchemaAhead when the database is newer than this code, Error with one sentence when a file was edited after it was applied
 */
export async function migrate(database: Database, { clock }: { clock: Clock }): Promise<number> {
  const migrations = await readMigrations();
  const newest = Math.max(...migrations.map(({ version }) => version));
  let applied = 0;
  for (const migration of migrations) {
    const done = await database.transaction((tx) => apply(tx, migration, newest, clock));
    applied += done ? 1 : 0;
  }
  await database.transaction(async (tx) => {
    await lockSchema(tx);
    await raiseWalls(tx);
  });
  await rewordWalls(database);
  return applied;
}

const exists = statement<{ exists: boolean }>(
  'migration/exists',
  `select to_regclass('migration') is not null as exists`,
);

/**
 * Changes nothing, unlike `migrate`.
 *
 * @throws Error that names the command, when the database is behind this version
 */
export async function requireMigrated(database: Database): Promise<void> {
  const [found] = await database.rows(exists);
  const pending = found?.exists ? await pendingMigrations(database) : (await readMigrations()).length;
  if (pending === 0) return;
  throw new Error(`the database lacks ${pending} of this version's migrations; run \`waffo migrate\` first`);
}

/** How many files this version has that the database has not applied. */
export async function pendingMigrations(database: Database): Promise<number> {
  const [migrations, known] = await Promise.all([readMigrations(), database.rows(list)]);
  const applied = new Set(known.map(({ version }) => version));
  return migrations.filter(({ version }) => !applied.has(version)).length;
}

async function lockSchema(tx: Tx): Promise<void> {
  await tx.rows(takeTime);
  await tx.rows({ ...lock, answerTimeoutMs });
}

async function apply(tx: Tx, migration: Migration, newest: number, clock: Clock): Promise<boolean> {
  await lockSchema(tx);
  await tx.rows(create);
  const known = await tx.rows(list);
  const ahead = known.find(({ version }) => version > newest);
  if (ahead !== undefined) {
    throw new SchemaAhead(
      `the database has migration ${ahead.version}, this version knows ${newest}; start a newer gateway`,
    );
  }
  const same = known.find(({ version }) => version === migration.version);
  if (same !== undefined && same.checksum !== migration.checksum) {
    throw new Error(`migration ${migration.name} was edited after this database applied it; restore the file`);
  }
  if (same !== undefined) return false;
  for (const [index, text] of statementsOf(migration.text).entries()) {
    await tx.rows({ ...statement(`migration/${migration.version}/${index}`, text), answerTimeoutMs });
  }
  await tx.rows(insert, [migration.version, migration.name, migration.checksum, clock.now()]);
  return true;
}

/** Read once: what lies there later, during an upgrade, is another version's. */
let read: Promise<Migration[]> | undefined;
const readMigrations = (): Promise<Migration[]> => {
  read ??= readFolder();
  return read;
};

async function readFolder(): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[\w-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      // A checkout on Windows may end lines its own way; the file is the same.
      const text = (await readFile(new URL(name, folder), 'utf8')).replaceAll('\r\n', '\n');
      return {
        version: Number(name.slice(0, 4)),
        name,
        text,
        checksum: createHash('sha256').update(text).digest('hex'),
      };
    }),
  );
}

/** Splits at `;` ends of lines: our files hold plain statements, no function bodies. */
const statementsOf = (text: string): string[] =>
  text
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((part) => part.trim())
    .filter((part) => part !== '');
