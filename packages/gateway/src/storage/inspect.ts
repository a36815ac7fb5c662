/** Asks a server, before it is used, whether it keeps what it confirms. */
import { type Sql, statement } from './database.ts';

const oldestVersion = 150_000;

const settings = statement<
  Record<'version' | 'number' | 'fsync' | 'pages' | 'commit' | 'encoding', string> & { standby: boolean }
>(
  'database/inspect',
  `select current_setting('server_version') as version, current_setting('server_version_num') as number,
     current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
     current_setting('synchronous_commit') as commit, current_setting('server_encoding') as encoding,
     pg_is_in_recovery() as standby`,
);

/**
 * Refuses a server that would lose what it confirmed.
 *
 * @returns how to call it, e.g. `PostgreSQL 18.4`
 * @throws Error with one sentence that says what is wrong
 */
export async function inspectServer(sql: Sql): Promise<string> {
  const [found] = await sql.rows(settings);
  if (found === undefined) throw new Error('the database did not tell its settings');
  if (Number(found.number) < oldestVersion) {
    throw new Error(`the database is PostgreSQL ${found.version}; use 15 or later`);
  }
  if (found.standby) throw new Error('the database is a read-only standby; name its primary');
  if (found.encoding !== 'UTF8')
    throw new Error(`the database is encoded in ${found.encoding}; create it with encoding UTF8`);
  const wrong = [
    found.fsync !== 'on' && 'fsync',
    found.pages !== 'on' && 'full_page_writes',
    // `local` confirms what a synchronous standby has not: a failover to it would lose that.
    ['off', 'local'].includes(found.commit) && 'synchronous_commit',
  ].filter((name) => name !== false);
  if (wrong.length > 0) throw new Error(`the database may lose what it confirmed; set ${wrong.join(' and ')} to on`);
  return `PostgreSQL ${found.version.split(' ')[0]}`;
}
