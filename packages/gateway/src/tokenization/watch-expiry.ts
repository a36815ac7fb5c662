/** Makes sure that a card's last month does not end unseen; what happens then is `expire-cards.ts`. */
import { parseExpiry } from '@waffo/protocol/card';
import type { Gateway } from '../gateway.ts';
import { enqueueAll } from '../job/queue.ts';
import type { Tx } from '../storage/database.ts';
import { expectWatchedMonths, watchExpiryMonths } from './token.store.ts';
import type { Token } from './token.ts';

/** In the transaction that gives a token its card. */
export const watchExpiry = (gateway: Pick<Gateway, 'clock'>, tx: Tx, { merchantId, card }: Token): Promise<void> =>
  watchExpiries(gateway, tx, merchantId, card === undefined ? [] : [card.expiry]);

/**
 * The same for cards of several tokens of a merchant.
 *
 * @param expiries - `MM/YYYY`
 */
export async function watchExpiries(
  { clock }: Pick<Gateway, 'clock'>,
  tx: Tx,
  merchantId: string,
  expiries: readonly string[],
): Promise<void> {
  const months = monthsOf(expiries);
  const unwatched = months.length === 0 ? [] : await watchExpiryMonths(tx, merchantId, months);
  const now = clock.now();
  const jobs = unwatched.flatMap((expiry) => {
    const last = parseExpiry(expiry);
    if (last === undefined) return [];
    const dueAt = new Date(Date.UTC(last.year, last.month));
    return [{ kind: 'tokenization/expire-cards', merchantId, payload: { expiry }, dueAt, now }];
  });
  await enqueueAll(tx, jobs);
}

/** Refused when there would be anything to do: nearly always somebody bound a card of the same month before. */
export const expectNothingUnwatched = (tx: Tx, merchantId: string, expiries: readonly string[]): Promise<void> =>
  expectWatchedMonths(tx, merchantId, monthsOf(expiries));

const monthsOf = (expiries: readonly string[]): string[] =>
  [...new Set(expiries)].filter((expiry) => parseExpiry(expiry) !== undefined);
