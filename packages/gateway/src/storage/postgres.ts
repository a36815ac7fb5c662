/**
 * The PostgreSQL driver, once. Statements are named and prepared; connections that break are reported as what they are:
 * `DatabaseUnavailable` when nothing was done, `CommitUnknown` when a commit may or may not have been.
 */
import pg from 'pg';
import type { Database, Sql, Statement, Tx } from './database.ts';

/** A request waits at most this long for a connection. */
const connectTimeoutMs = 2_000;
const statementTimeoutMs = 15_000;
const oldestVersion = 150_000;

/** Nothing was done: the database could not be reached. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** The connection was lost in COMMIT: only a look can tell what happened. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

export interface DatabaseOptions {
  /** `postgres://…`; a `host` parameter that is a path means a Unix socket. */
  readonly url: string;
  /** For the banner; made from the server's version when absent. */
  readonly description?: string;
  /** Connections of this process; 8 is best on two cores. */
  readonly poolSize?: number;
}

/**
 * Opens a database and makes sure that it keeps what it confirms.
 *
 * @throws Error with one sentence when the server is too old or not durable
 * @throws DatabaseUnavailable when it cannot be reached
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 8,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idleTimeoutMillis: 60_000,
    types: { getTypeParser: typeParser },
  });
  // An idle connection that breaks is replaced on the next use; without a listener it would end the process.
  pool.on('error', () => {});
  try {
    const description = await inspect(sqlOf(pool));
    return {
      ...sqlOf(pool),
      transaction: (work) => transaction(pool, work),
      description: options.description ?? description,
      url: options.url,
      close: () => pool.end(),
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** `bigint` columns as BigInt; everything else as the driver does it. */
function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format as 'text');
}

interface Queryable {
  query(config: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
}

const sqlOf = (queryable: Queryable): Sql => ({
  async rows<Row>(statement: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      const { rows } = await queryable.query({ name: statement.name, text: statement.text, values: [...values] });
      return rows as Row[];
    } catch (error) {
      throw asUnavailable(error);
    }
  },
});

async function transaction<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asUnavailable(error);
  });
  let broken: Error | undefined;
  const notice = (error: Error) => {
    broken = error;
  };
  client.on('error', notice);
  try {
    await sqlOf(client).rows({ name: 'begin', text: 'begin' });
    const result = await work({ ...sqlOf(client), inTransaction: true });
    await commit(client);
    return result;
  } catch (error) {
    if (error instanceof DatabaseUnavailable || error instanceof CommitUnknown) broken = error;
    else await client.query('rollback').catch(notice);
    throw error;
  } finally {
    client.off('error', notice);
    client.release(broken);
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    const { command } = await client.query({ name: 'commit', text: 'commit' });
    if (command !== 'COMMIT') throw new Error(`the transaction was not committed but answered ${command}`);
  } catch (error) {
    if (isConnectionFailure(error)) throw new CommitUnknown('the connection was lost in commit', { cause: error });
    throw error;
  }
}

const asUnavailable = (error: unknown): unknown =>
  isConnectionFailure(error) ? new DatabaseUnavailable('the database cannot be reached', { cause: error }) : error;

const failureCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '53300', '55000']);
const failureText = /connection terminated|timeout exceeded when trying to connect|connection error|not queryable|socket/i;

function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: string };
  if (code !== undefined) return failureCodes.has(code) || code.startsWith('08');
  return failureText.test(error.message);
}

/** Refuses a server that would lose what it confirmed; answers how to call it. */
async function inspect(sql: Sql): Promise<string> {
  const [settings] = await sql.rows<Record<'version' | 'number' | 'fsync' | 'pages' | 'commit', string>>({
    name: 'database/inspect',
    text: `select current_setting('server_version') as version, current_setting('server_version_num') as number,
             current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
             current_setting('synchronous_commit') as commit`,
  });
  if (settings === undefined) throw new Error('the database did not tell its settings');
  if (Number(settings.number) < oldestVersion) {
    throw new Error(`the database is PostgreSQL ${settings.version}; use 15 or later`);
  }
  const wrong = [
    settings.fsync !== 'on' && 'fsync',
    settings.pages !== 'on' && 'full_page_writes',
    settings.commit === 'off' && 'synchronous_commit',
  ].filter((name) => name !== false);
  if (wrong.length > 0) throw new Error(`the database may lose what it confirmed; set ${wrong.join(' and ')} to on`);
  return `PostgreSQL ${settings.version.split(' ')[0]}`;
}
