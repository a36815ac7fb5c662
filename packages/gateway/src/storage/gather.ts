/**
 * Sends what a connection is asked in one turn of the event loop in one write: a write to a socket costs more than what most
 * statements do. It never holds anything back beyond the turn.
 */
import type { Writable } from 'node:stream';
import type pg from 'pg';
import type { Statement } from './database.ts';
import { parameter } from './parameter.ts';
import { type Answer, type Asked, Turn } from './turn.ts';

/** The socket of a connection; the driver does not say that it has one. */
export const streamOf = (client: object): Writable =>
  (client as { readonly connection: { readonly stream: Writable } }).connection.stream;

/**
 * Waits for several steps of one transaction that need nothing of each other; what they ask first goes out in one write. When one
 * fails it waits for the others all the same: none may ask anything more when the transaction is over.
 *
 * @throws what the first that failed threw
 * @example const [saved] = await inOneWrite([saveOrder(tx, order), notify(tx, { now }, told)]);
 */
export async function inOneWrite<Steps extends readonly unknown[]>(
  steps: {
    readonly [Step in keyof Steps]: Promise<Steps[Step]> | Steps[Step];
  },
): Promise<Steps> {
  const ended = await Promise.allSettled<unknown>(steps);
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return ended.map((one) => (one as PromiseFulfilledResult<unknown>).value) as unknown as Steps;
}

/**
 * Whether a statement is done or refused by itself, shares the fate of those that are sent with it in a transaction that was begun,
 * or is a transaction with them.
 */
export type Fate = 'own' | 'shared' | 'whole';

interface Gathered extends Asked {
  readonly fate: Fate;
}

/** What waits for the end of this turn, by connection. */
const gathered = new WeakMap<object, Gathered[]>();

/**
 * Asks a connection.
 *
 * @param fate - `shared` only inside a transaction, `whole` only outside of one
 * @param parserOf - see `Turn`
 */
export const ask = (
  client: pg.ClientBase,
  { name, text }: Pick<Statement<unknown>, 'name' | 'text'>,
  values: readonly unknown[],
  fate: Fate,
  parserOf: (oid: number) => (text: string) => unknown,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const one = { name, text, values: values.map(parameter), fate, resolve, reject };
    const waiting = gathered.get(client);
    if (waiting !== undefined) return void waiting.push(one);
    gathered.set(client, [one]);
    process.nextTick(() => send(client, parserOf));
  });

function send(client: pg.ClientBase, parserOf: (oid: number) => (text: string) => unknown): void {
  const all = gathered.get(client) ?? [];
  gathered.delete(client);
  const stream = streamOf(client);
  stream.cork();
  for (let from = 0; from < all.length; ) {
    let to = from + 1;
    const fate = all[from]?.fate;
    while (fate !== 'own' && all[to]?.fate === fate) to++;
    client.query(
      new Turn(all.slice(from, to), parserOf, fate !== 'shared') as Turn & { submit(connection: unknown): void },
    );
    from = to;
  }
  stream.uncork();
}
