/**
 * Look-ups that come while another is under way share the next statement. Nobody waits longer than for the one under way, and
 * nobody is answered from before it asked: a look-up never sees less than was committed when it was made.
 */
import type { Database, Statement, Tx } from './database.ts';
import { CommitUnknown, DatabaseUnavailable } from './failures.ts';

interface Waiting<Found> {
  resolve(found: Found): void;
  reject(error: unknown): void;
}

/**
 * @param load - reads many keys in one statement; what it returns answers for each of them
 * @returns a look-up of one key
 * @example const find = grouped(async (ids) => { const rows = await read(ids); return (id) => rows.filter((row) => row.id === id); });
 */
export function grouped<Found>(
  load: (keys: readonly string[]) => Promise<(key: string) => Found>,
): (key: string) => Promise<Found> {
  let next = new Map<string, Waiting<Found>[]>();
  let isUnderWay = false;

  async function run(): Promise<void> {
    isUnderWay = true;
    // Those of one turn of the event loop go together.
    await Promise.resolve();
    while (next.size > 0) {
      const batch = next;
      next = new Map();
      try {
        const found = await load([...batch.keys()]);
        for (const [key, waiting] of batch) for (const { resolve } of waiting) resolve(found(key));
      } catch (error) {
        for (const { reject } of [...batch.values()].flat()) reject(error);
      }
    }
    isUnderWay = false;
  }

  return (key) =>
    new Promise((resolve, reject) => {
      next.set(key, [...(next.get(key) ?? []), { resolve, reject }]);
      if (!isUnderWay) void run();
    });
}

/**
 * The same in each database: what is asked in one merchant's scope never shares a statement with another's.
 *
 * @param load - as `grouped` takes it, in the database of the look-up
 */
export function groupedIn<Found>(
  load: (database: Database, keys: readonly string[]) => Promise<(key: string) => Found>,
): (database: Database, key: string) => Promise<Found> {
  const lookUps = new WeakMap<Database, (key: string) => Promise<Found>>();
  return (database, key) => {
    const known = lookUps.get(database) ?? grouped((keys) => load(database, keys));
    lookUps.set(database, known);
    return known(key);
  };
}

/**
 * A look-up of one row by its merchant and one id.
 *
 * @param found - takes the merchants and the ids as two arrays, `$1::text[]` and `$2::text[]`
 * @param idOf - the id that a row was found by
 * @param from - what callers get of a row
 * @example const readToken = groupedById(findTogether, (row) => row.token_id, tokenFrom); await readToken(database, merchantId, tokenId);
 */
export function groupedById<Row extends { merchant_id: string }, Found>(
  found: Statement<Row>,
  idOf: (row: Row) => string,
  from: (row: Row) => Found,
): (database: Database, merchantId: string, id: string) => Promise<Found | undefined> {
  const look = groupedIn(async (database, keys) => {
    // A merchant's id has no slash; what it calls its orders may have.
    const parts = keys.map((key) => [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]);
    const rows = await database.rows(found, [parts.map(([merchantId]) => merchantId), parts.map(([, id]) => id)]);
    const byKey = new Map(rows.map((row) => [`${row.merchant_id}/${idOf(row)}`, row]));
    return (key) => byKey.get(key);
  });
  return async (database, merchantId, id) => {
    const row = await look(database, `${merchantId}/${id}`);
    return row && from(row);
  };
}

/** More rows in a statement gain nothing. */
const atOnce = 32;

interface Entry<Item, Result> extends Waiting<Result> {
  readonly item: Item;
}

/**
 * Work that comes while the same is under way is done together with what else has come by then.
 *
 * @param run - does it for many; answers one result for each, in their order. When the database refuses, it is called again
 *   for each alone, so that one that cannot be done harms no other
 * @returns does it for one
 */
export function inBatches<Item, Result>(
  run: (database: Database, items: readonly Item[]) => Promise<readonly Result[]>,
): (database: Database, item: Item) => Promise<Result> {
  const lines = new WeakMap<Database, { waiting: Entry<Item, Result>[]; isUnderWay: boolean }>();

  const settle = async (database: Database, batch: readonly Entry<Item, Result>[]): Promise<void> => {
    try {
      const items = batch.map(({ item }) => item);
      const results = await run(database, items);
      for (const [at, { resolve }] of batch.entries()) resolve(results[at] as Result);
    } catch (error) {
      if (isAway(error) || batch.length === 1) for (const { reject } of batch) reject(error);
      else for (const one of batch) await settle(database, [one]);
    }
  };

  return (database, item) =>
    new Promise((resolve, reject) => {
      const line = lines.get(database) ?? { waiting: [], isUnderWay: false };
      lines.set(database, line);
      line.waiting.push({ item, resolve, reject });
      if (line.isUnderWay) return;
      line.isUnderWay = true;
      void (async () => {
        // Those of one turn of the event loop go together.
        await Promise.resolve();
        while (line.waiting.length > 0) await settle(database, line.waiting.splice(0, atOnce));
        line.isUnderWay = false;
      })();
    });
}

/**
 * Of those in one batch that want the same row, only the first can have it. What a statement answers by that row's key would
 * be true for the others, too.
 *
 * @returns the first of each key, in their order
 */
export function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlySet<Item> {
  const firsts = new Map<string, Item>();
  for (const item of items) if (!firsts.has(keyOf(item))) firsts.set(keyOf(item), item);
  return new Set(firsts.values());
}

/** Whether the database is away, and not of another opinion. */
const isAway = (error: unknown): boolean => error instanceof DatabaseUnavailable || error instanceof CommitUnknown;

/** What PostgreSQL does not understand is no expectation that was disappointed: nobody would notice that it never goes well. */
const isWronglyWritten = (error: unknown): boolean => (error as { code?: string }).code?.startsWith('42') === true;

/**
 * Does at once what nearly always goes well, and carefully what does not.
 *
 * @param atOnce - see `Database.atOnce`: refused as a whole when anything is other than expected; undefined: it cannot go well
 * @param carefully - looks first
 */
export async function atOnceOrCarefully<T>(
  database: Database,
  atOnce: ((tx: Tx) => Promise<T>) | undefined,
  carefully: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (atOnce !== undefined) {
    try {
      return await database.atOnce(atOnce);
    } catch (error) {
      if (isAway(error) || isWronglyWritten(error)) throw error;
    }
  }
  return database.transaction(carefully);
}
