/**
 * The connections of a process to PostgreSQL: opened when they are needed, set up, watched for silence, and asked. One that
 * confirmed what its standby may not have is given up, and a broken idle one never ends the process.
 */
import pg from 'pg';
import type { Statement } from './database.ts';
import { givesUpStandby, isConnectionFailure, withoutStandby } from './failures.ts';
import { ask as askTogether, type Fate, streamOf } from './gather.ts';
import type { Line, Silence } from './silence.ts';
import type { Answer } from './turn.ts';
import { allMerchants } from './walls.ts';

/** A request waits at most this long for a connection. */
export const connectTimeoutMs = 2_000;
/** The server ends a statement after this time; we stop waiting for a server that hangs a little later. */
const statementTimeoutMs = 15_000;
const answerWithinMs = 20_000;
/** The server ends a transaction that it hears no more of: what it locked, other processes wait for. We call nobody in one. */
const abandonedAfterMs = 3_000;
const idleTimeoutMs = 60_000;
/** From so many connections on, those that show all merchants' rows are kept apart. */
const enoughToDivide = 4;
/** One may have to wait for what is done on another. */
const fewestForAll = 2;

/**
 * The connections of a process. What belongs to no merchant, such as the queue, has some of its own, because it costs a statement
 * to show another merchant's rows on a connection, and work for all and work for one take turns.
 */
export function openPools(
  { url, poolSize = 8 }: { readonly url: string; readonly poolSize?: number },
  silence: Silence,
) {
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
export async function ask(
  client: pg.ClientBase,
  query: Pick<Statement<unknown>, 'name' | 'text' | 'answerTimeoutMs'>,
  fate: Fate,
  values: readonly unknown[] = [],
): Promise<Answer> {
  const line = lines.get(client);
  line?.asked(query.answerTimeoutMs ?? answerWithinMs);
  try {
    const answer = await askTogether(client, query, values, fate, typeParser);
    if (doubted.has(client)) throw withoutStandby();
    return answer;
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
  ('jit', 'off'), ('plan_cache_mode', 'force_generic_plan')) as setting (name, value)`;

async function setUp(client: pg.ClientBase): Promise<void> {
  const asked = [keepParametersOutOfLogs, findByKey].map((text) => ask(client, { name: '', text }, 'own'));
  for (const answer of await Promise.allSettled(asked))
    if (answer.status === 'rejected' && isConnectionFailure(answer.reason)) throw answer.reason;
}

/** Where the driver connects to. */
export function addressOf(url: string) {
  const { host, port } = new pg.Client({ connectionString: url });
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
