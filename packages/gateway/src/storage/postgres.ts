/**
 * PostgreSQL as the gateway sees it: statements that are named and prepared, and transactions. A connection that breaks is
 * reported as what it is: `DatabaseUnavailable` before a commit, `CommitUnknown` in one. It never opens a server that may lose
 * what it confirmed.
 */
import pg from 'pg';
import { addressOf, ask, connectTimeoutMs, openPools } from './connections.ts';
import { type Database, type Sql, type Statement, statement, type Tx } from './database.ts';
import { asUnavailable, CommitUnknown, DatabaseUnavailable, isConnectionFailure } from './failures.ts';
import type { Fate } from './gather.ts';
import { inspectServer } from './inspect.ts';
import { loneStatements } from './lone.ts';
import { listenForSilence, type Silence } from './silence.ts';
import { NotRun } from './turn.ts';
import { allMerchants, setScope } from './walls.ts';

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
    rows: loneStatements((use) => withClient({ pool: pools.of(scope), silence, scope }, use)),
    transaction: (work) => transaction({ pool: pools.of(scope), silence, scope }, work),
    atOnce: (work) => atOnce({ pool: pools.of(scope), silence, scope }, work),
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

/** The operator who starts us wants to know why; a caller of the API need not. */
function withReason(error: unknown): unknown {
  if (!(error instanceof DatabaseUnavailable && error.cause instanceof Error)) return error;
  const { message, code } = error.cause as Error & { code?: string };
  return new DatabaseUnavailable(`${error.message}: ${message || code}`, { cause: error.cause });
}

const sqlOf = (client: pg.ClientBase, fate: Fate): Sql => ({
  async rows<Row>(asked: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
    try {
      return (await ask(client, asked, fate, values)).rows as Row[];
    } catch (error) {
      throw asUnavailable(error);
    }
  },
});

interface Client {
  /** One after the other, each by itself. */
  readonly alone: Sql;
  /** In a transaction. */
  readonly shared: Sql;
  /** Those of one turn are a transaction. */
  readonly whole: Sql;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** What each connection shows at present; the server keeps it as long as the connection lives. */
const scopes = new WeakMap<pg.ClientBase, string>();

/** A connection that showed another merchant's rows shows this one's from here on; one more statement only then. */
async function enter(client: pg.ClientBase, scope: string): Promise<void> {
  if (scopes.get(client) === scope) return;
  scopes.delete(client);
  await sqlOf(client, 'own').rows(setScope, [scope]);
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
      alone: sqlOf(client, 'own'),
      shared: sqlOf(client, 'shared'),
      whole: sqlOf(client, 'whole'),
      commit: () => entering.then(() => commit(client)),
      rollback: async () => void (await ask(client, rollback, 'own').catch(notice)),
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
const end = statement('database/commit', 'commit');
const rollback = statement('database/rollback', 'rollback');

const transaction = <T>(source: Source, work: (tx: Tx) => Promise<T>): Promise<T> =>
  withClient(source, async (client) => {
    const steps: Promise<unknown>[] = [];
    let isOver = false;
    const last = (step: Promise<unknown>) => {
      // It is waited for at the end, also when it fails before that.
      step.catch(() => {});
      steps.push(step);
    };
    last(client.shared.rows(begin));
    const tx: Tx = {
      inTransaction: true,
      rows: (asked, values) =>
        isOver ? Promise.reject(new Error('the transaction is over')) : client.shared.rows(asked, values),
      last,
    };
    try {
      const result = await work(tx);
      isOver = true;
      await committed(steps, client.commit());
      return result;
    } catch (error) {
      isOver = true;
      await Promise.allSettled(steps);
      if (!(error instanceof DatabaseUnavailable || error instanceof CommitUnknown)) await client.rollback();
      throw error;
    }
  });

const atOnce = <T>(source: Source, work: (tx: Tx) => Promise<T>): Promise<T> =>
  withClient(source, async ({ whole }) => {
    const asked: Promise<unknown>[] = [];
    const isDone = (step: Promise<unknown>) => {
      // All are waited for below, whatever work waits for.
      step.catch(() => {});
      asked.push(step);
    };
    let isSent = false;
    const tx: Tx = {
      inTransaction: true,
      rows: <Row>(statement: Statement<Row>, values?: readonly unknown[]) => {
        if (isSent) return Promise.reject(new Error('the transaction was sent: everything is asked at once'));
        const rows = whole.rows(statement, values);
        isDone(rows);
        return rows;
      },
      last: isDone,
    };
    const working = work(tx);
    working.catch(() => {});
    process.nextTick(() => {
      isSent = true;
    });
    const failures = (await Promise.allSettled(asked)).flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    );
    if (failures.length > 0) throw asCommit(failures.find((reason) => !(reason instanceof NotRun)) ?? failures[0]);
    return working;
  });

/** The commit went with the statements: only a server that refused one says that nothing was done. */
function asCommit(error: unknown): unknown {
  if (!(error instanceof DatabaseUnavailable)) return error;
  const { cause } = error;
  const isRefused = cause instanceof NotRun || (cause instanceof pg.DatabaseError && cause.code !== '08007');
  return isRefused ? error : new CommitUnknown('the connection was lost in commit', { cause });
}

/** @throws CommitUnknown whatever else was lost with it; or what a step was refused for */
async function committed(steps: readonly Promise<unknown>[], commit: Promise<void>): Promise<void> {
  const [end, ...ended] = await Promise.allSettled([commit, ...steps]);
  if (end?.status === 'rejected' && end.reason instanceof CommitUnknown) throw end.reason;
  for (const one of [...ended, end]) if (one?.status === 'rejected') throw one.reason;
}

async function commit(client: pg.ClientBase): Promise<void> {
  try {
    const { command } = await ask(client, end, 'shared');
    if (command !== 'COMMIT') throw new Error(`the transaction was not committed but answered ${command}`);
  } catch (error) {
    if (error instanceof NotRun) throw asUnavailable(error);
    if (isConnectionFailure(error)) throw new CommitUnknown('the connection was lost in commit', { cause: error });
    throw error;
  }
}
