/**
 * The PostgreSQL driver, once. Statements are named and prepared; a connection that breaks is reported as what it is:
 * `DatabaseUnavailable` before a commit, `CommitUnknown` in one. It never lets a broken idle connection end the process,
 * and never opens a server that may lose what it confirmed.
 */
import pg from 'pg';
import { type Database, type Sql, type Statement, statement, type Tx } from './database.ts';
import {
  asUnavailable,
  CommitUnknown,
  DatabaseUnavailable,
  givesUpStandby,
  isConnectionFailure,
  withoutStandby,
} from './failures.ts';
import { sendTogether, streamOf } from './gather.ts';
import { inspectServer } from './inspect.ts';
import { type Line, listenForSilence, type Silence } from './silence.ts';
import { allMerchants, setScope } from './walls.ts';

/** A request waits at most this long for a connection. */
const connectTimeoutMs = 2_000;
/** The server ends a statement after this time; we stop waiting for a server that hangs a little later. */
const statementTimeoutMs = 15_000;
const answerWithinMs = 20_000;
/** The server ends a transaction that it hears no more of: what it locked, other processes wait for. We call nobody in one. */
const abandonedAfterMs = 3_000;
const idleTimeoutMs = 60_000;
/** Databases of merchants that are kept, so that look-ups of one merchant meet. */
const knownScopes = 10_000;

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
 * @param options.url - `postgres://user:password@host:5432/name`
 * @returns the database; close it to end the process
 * @throws Error with one sentence when the server is too old, not durable, read-only or not in UTF-8
 * @throws DatabaseUnavailable when it cannot be reached within 2 s
 * @example
 * const database = await openDatabase({ url: 'postgres://waffo:secret@db.example/waffo' });
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const silence = listenForSilence(addressOf(options.url));
  const pools = openPools(options, silence);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= pools.end().finally(silence.stop);
    return closed;
  };
  const scoped = new Map<string, Database>();
  const scopedTo = (scope: string, description: string): Database => ({
    rows: (statement, values) =>
      withClient({ pool: pools.of(scope), silence, scope }, (client) => client.rows(statement, values)),
    transaction: (work) => transaction({ pool: pools.of(scope), silence, scope }, work),
    ofMerchant(merchantId) {
      if (merchantId === '' || merchantId === allMerchants) throw new Error('no merchant has this id');
      const known = scoped.get(merchantId) ?? scopedTo(merchantId, description);
      if (scoped.size >= knownScopes) scoped.clear();
      scoped.set(merchantId, known);
      return known;
    },
    description,
    url: options.url,
    close,
  });
  try {
    const description = await inspectServer(scopedTo(allMerchants, ''));
    return scopedTo(allMerchants, options.description ?? description);
  } catch (error) {
    await close();
    throw withReason(error);
  }
}

/** From so many connections on, those that show all merchants' rows are kept apart. */
const enoughToDivide = 4;
/** One may have to wait for what is done on another. */
const fewestForAll = 2;

/**
 * The connections of a process. What belongs to no merchant, such as the queue, has some of its own, because it costs a statement
 * to show another merchant's rows on a connection, and work for all and work for one take turns.
 */
function openPools({ url, poolSize = 8 }: DatabaseOptions, silence: Silence) {
  const open = (max: number) => {
    const pool = new pg.Pool({
      ...connection(url),
      max,
      idleTimeoutMillis: idleTimeoutMs,
      onConnect: (client) => {
        watch(client, silence);
        return setUp(client);
      },
    });
    // An idle connection that breaks is replaced on the next use; without a listener it would end the process.
    pool.on('error', () => {});
    return pool;
  };
  const forAll = poolSize < enoughToDivide ? 0 : Math.max(fewestForAll, Math.floor(poolSize / 4));
  const merchants = open(poolSize - forAll);
  const house = forAll === 0 ? merchants : open(forAll);
  return {
    of: (scope: string): pg.Pool => (scope === allMerchants ? house : merchants),
    end: async () => void (await Promise.all([...new Set([house, merchants])].map((pool) => pool.end()))),
  };
}

/** The operator who starts us wants to know why; a caller of the API need not. */
function withReason(error: unknown): unknown {
  if (!(error instanceof DatabaseUnavailable && error.cause instanceof Error)) return error;
  const { message, code } = error.cause as Error & { code?: string };
  return new DatabaseUnavailable(`${error.message}: ${message || code}`, { cause: error.cause });
}

const connection = (url: string) => ({
  connectionString: url,
  connectionTimeoutMillis: connectTimeoutMs,
  statement_timeout: statementTimeoutMs,
  idle_in_transaction_session_timeout: abandonedAfterMs,
  keepAlive: true,
  // What needs no answer before the next statement goes with it: a change of scope, and `begin`.
  pipeline: true,
  application_name: 'waffo',
  types: { getTypeParser: typeParser },
});

/** Where the driver connects to. */
function addressOf(url: string) {
  const { host, port } = new pg.Client({ connectionString: url });
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** What tells when a connection waits for nothing; each has one from its first statement to its end. */
const lines = new WeakMap<pg.ClientBase, Line>();

/** A connection that is given up is not closed in good manners: those would wait for an answer, too. */
function watch(client: pg.ClientBase, silence: Silence): void {
  const line = silence.open(() => streamOf(client).destroy());
  lines.set(client, line);
  client.once('end', () => line.close());
  client.on('notice', (notice) => {
    if (givesUpStandby(notice)) doubted.add(client);
  });
}

/** Connections that confirmed what their standby may not have; they are given up, so nothing of theirs counts as confirmed. */
const doubted = new WeakSet<pg.ClientBase>();

/** Asks on a connection, and lets it be known that an answer is due. */
async function ask(client: pg.ClientBase, query: pg.QueryConfig, withinMs = answerWithinMs): Promise<pg.QueryResult> {
  const line = lines.get(client);
  line?.asked(withinMs);
  try {
    const result = await client.query(query);
    if (doubted.has(client)) throw withoutStandby();
    return result;
  } finally {
    line?.answered();
  }
}

/** `bigint` columns as BigInt; everything else as the driver does it. */
function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format as 'text');
}

/** Where our role may say so, the server logs no parameters: they hold sealed cards (D-21). Older servers are refused later. */
const keepParametersOutOfLogs = `select set_config(name, '0', false) from pg_settings
  where name in ('log_parameter_max_length', 'log_parameter_max_length_on_error')
    and setting <> '0' and has_parameter_privilege(name, 'set')`;

// Our statements ask for few rows by a key; left to itself the planner reads through tables that were small when it looked last.
// Before version 18 what is off counts as endlessly dear, and would be worth compiling each time.
const findByKey = `select set_config(name, value, false) from (values
  ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('random_page_cost', '1.1'),
  ('jit', 'off')) as setting (name, value)`;

async function setUp(client: pg.ClientBase): Promise<void> {
  const asked = [keepParametersOutOfLogs, findByKey].map((text) => ask(client, { text }));
  for (const answer of await Promise.allSettled(asked))
    if (answer.status === 'rejected' && isConnectionFailure(answer.reason)) throw answer.reason;
}

const sqlOf = (client: pg.ClientBase): Sql => ({
  async rows<Row>({ name, text, answerTimeoutMs }: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      sendTogether(client);
      const { rows } = await ask(client, { name, text, values: [...values] }, answerTimeoutMs);
      return rows as Row[];
    } catch (error) {
      throw asUnavailable(error);
    }
  },
});

interface Client extends Sql {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** What each connection shows at present; the server keeps it as long as the connection lives. */
const scopes = new WeakMap<pg.ClientBase, string>();

/** A connection that showed another merchant's rows shows this one's from here on; one more statement only then. */
async function enter(client: pg.ClientBase, scope: string): Promise<void> {
  if (scopes.get(client) === scope) return;
  scopes.delete(client);
  await sqlOf(client).rows(setScope, [scope]);
  scopes.set(client, scope);
}

/** Where a connection comes from, and what it is to show. */
interface Source {
  readonly pool: pg.Pool;
  readonly silence: Silence;
  readonly scope: string;
}

/** Waits for a connection as for an answer: where nothing is heard, there is none to be had. */
function borrow({ pool, silence }: Source): Promise<pg.PoolClient> {
  const nothingHeard = () => new Error('connection timeout: nothing is heard of the database');
  if (silence.isSilent()) return Promise.reject(nothingHeard());
  return new Promise((resolve, reject) => {
    const line = silence.open(() => reject(nothingHeard()));
    line.asked(connectTimeoutMs);
    pool
      .connect()
      .then((client) => (line.close() ? resolve(client) : client.release()), reject)
      .finally(line.close);
  });
}

/** Lends a connection; one that broke is thrown away, one whose statement was merely refused is kept. */
async function withClient<T>(source: Source, use: (client: Client) => Promise<T>): Promise<T> {
  const { scope } = source;
  const client = await borrow(source).catch((error: unknown) => {
    // Whatever the reason, without a connection nothing was done.
    throw new DatabaseUnavailable('the database gives no connection', { cause: error });
  });
  let broken: Error | undefined;
  const notice = (error: Error) => {
    broken = error;
  };
  client.on('error', notice);
  const entering = enter(client, scope);
  // It is waited for below, also when a statement that went with it fails first.
  entering.catch(() => {});
  try {
    const result = await use({
      ...sqlOf(client),
      commit: () => entering.then(() => commit(client)),
      rollback: async () => void (await ask(client, { text: 'rollback' }).catch(notice)),
    });
    // Nothing leaves a connection that did not show this merchant's rows.
    await entering;
    return result;
  } catch (error) {
    if (error instanceof DatabaseUnavailable || error instanceof CommitUnknown) broken = error;
    throw error;
  } finally {
    client.off('error', notice);
    client.release(broken);
  }
}

const begin = statement('database/begin', 'begin');

const transaction = <T>(source: Source, work: (tx: Tx) => Promise<T>): Promise<T> =>
  withClient(source, async (client) => {
    const begun = client.rows(begin);
    begun.catch(() => {});
    try {
      const result = await work({ rows: client.rows, inTransaction: true });
      await begun;
      await client.commit();
      return result;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable || error instanceof CommitUnknown)) await client.rollback();
      throw error;
    }
  });

async function commit(client: pg.ClientBase): Promise<void> {
  try {
    const { command } = await ask(client, { name: 'database/commit', text: 'commit' });
    if (command !== 'COMMIT') throw new Error(`the transaction was not committed but answered ${command}`);
  } catch (error) {
    if (isConnectionFailure(error)) throw new CommitUnknown('the connection was lost in commit', { cause: error });
    throw error;
  }
}
