/**
 * How the server looks for what it is asked. A plan that reads a table, or an index of all its rows, from end to end takes longer with
 * each row, and in a small table nobody sees it. A plan is kept for a while, and a queue is often empty when it is made; so each is
 * also looked at as it is made when tables were counted while they were empty (docs/decisions/0030).
 */
import type { Database, Tx } from '../../packages/gateway/src/storage/database.ts';

/** Tables that payments do not make longer: they have rows for merchants, their keys, and versions. */
const staySmall =
  /^(access_chain|merchant|merchant_(api_key|client_key|clock|currency|pay_method|public_key)|migration|platform_key|vault_(data_key|kek))$/;

/** Tables that are empty now and then, and long a moment later. */
const comeAndGo = /^(job|limit_count)$/;

/** Statements that read all there is, and why they may. */
const readAll: Readonly<Record<string, string>> = {
  'access-anchor/all': 'a command verifies all of them',
  'clock/work': "the sandbox's traveller asks, never a payment",
};

interface Prepared {
  readonly name: string;
  readonly statement: string;
  readonly types: string[];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

const prepared = {
  name: '',
  text: `select name, statement, parameter_types::text[] as types from pg_prepared_statements
    where statement ~* '^\\s*(select|insert|update|delete|with)' and name !~ '^test/'`,
};
const partialIndexes = {
  name: '',
  text: 'select indexrelid::regclass::text as index from pg_index where indpred is not null',
};
const tables = {
  name: '',
  text: `select string_agg(quote_ident(relname), ', ') as all from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r'`,
};

/** Of this worker's gateways, by name: each is looked at once. */
const looked = new Set<string>();

/**
 * What a gateway has asked, on whichever connections.
 *
 * @param databases - the gateway's, for all and for a merchant
 */
export async function askedOf(databases: readonly Database[]): Promise<Prepared[]> {
  const onEach = databases.flatMap((database) => [1, 2, 3].map(() => database.transaction((tx) => tx.rows(prepared))));
  const all = new Map((await Promise.all(onEach)).flat().map((one) => [(one as Prepared).name, one as Prepared]));
  return [...all.values()].filter(({ name }) => !looked.has(name) && !(name in readAll));
}

/** @returns a sentence for each statement that reads what grows from end to end */
export async function faultsOfPlans(database: Database, asked: readonly Prepared[]): Promise<string[]> {
  const faults: string[] = [];
  const done = new Error('nothing is kept');
  const look = async (tx: Tx, when: string, grows: (table: string) => boolean) => {
    const partial = new Set((await tx.rows<{ index: string }>(partialIndexes)).map(({ index }) => index));
    for (const { name, types } of asked) {
      const values = types.length === 0 ? '' : `(${types.map(() => 'null').join(', ')})`;
      const text = `explain (format json) execute "plan of ${name}"${values}`;
      const [row] = await tx.rows<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>({ name: '', text });
      if (row === undefined) throw new Error(`${name} has no plan`);
      const found = readWhole(row['QUERY PLAN'][0].Plan, partial).filter(({ table }) => grows(table));
      faults.push(...found.map(({ how, table }) => `${name}${when}: ${how} of ${table}`));
    }
  };
  if (asked.length === 0) return [];
  const looking = database.transaction(async (tx) => {
    for (const { name, statement, types } of asked) {
      const of = types.length === 0 ? '' : `(${types.join(', ')})`;
      await tx.rows({ name: '', text: `prepare "plan of ${name}" ${of} as ${statement}` });
      looked.add(name);
    }
    const [named] = await tx.rows<{ all: string }>(tables);
    await tx.rows({ name: '', text: `truncate ${named?.all}` });
    // Of a table that it never counted, the server assumes that it is not small; of one that it counted, that it stays so.
    await look(tx, '', (table) => !staySmall.test(table));
    await tx.rows({ name: '', text: 'analyze' });
    await look(tx, ', made for empty tables', (table) => comeAndGo.test(table));
    throw done;
  });
  await looking.catch((error: unknown) => {
    if (error !== done) throw error;
  });
  return faults;
}

/** A partial index has the rows that are looked for, such as those under a lease; what is below a limit is read up to it. */
function readWhole(node: PlanNode, partial: ReadonlySet<string>, isLimited = false): { how: string; table: string }[] {
  const { 'Node Type': how, 'Relation Name': table = '', 'Index Name': index = '' } = node;
  const isIndex = /^(Index|Bitmap Index)/.test(how) && !partial.has(index);
  const isWhole = how === 'Seq Scan' || (isIndex && node['Index Cond'] === undefined && !isLimited);
  const reachesBelow = how === 'Limit' || (isLimited && how !== 'Sort');
  const below = (node.Plans ?? []).flatMap((child) => readWhole(child, partial, reachesBelow));
  return isWhole ? [{ how, table }, ...below] : below;
}
