/**
 * Sends what a connection is asked in one turn of the event loop in one write: a write to a socket costs more than what most
 * statements do. It never holds anything back beyond the turn.
 */
import type { Writable } from 'node:stream';

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

/** Connections whose statements wait for the end of this turn. */
const gathering = new WeakSet<object>();

/** To be called before each statement. */
export function sendTogether(client: object): void {
  if (gathering.has(client)) return;
  const stream = streamOf(client);
  gathering.add(client);
  stream.cork();
  process.nextTick(() => {
    gathering.delete(client);
    stream.uncork();
  });
}
