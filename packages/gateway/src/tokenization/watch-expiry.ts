/** Makes sure that a card's last month does not end unseen; what happens then is `expire-cards.ts`. */
import { parseExpiry } from '@waffo/protocol/card';
import type { Gateway } from '../gateway.ts';
import { enqueue } from '../job/queue.ts';
import type { Tx } from '../storage/database.ts';
import { watchExpiryMonth } from './token.store.ts';
import type { Token } from './token.ts';

/** In the transaction that gives a token its card. */
export async function watchExpiry(gateway: Pick<Gateway, 'clock'>, tx: Tx, token: Token): Promise<void> {
  const { merchantId, card } = token;
  const last = card && parseExpiry(card.expiry);
  if (card === undefined || last === undefined || !(await watchExpiryMonth(tx, merchantId, card.expiry))) return;
  await enqueue(tx, {
    kind: 'tokenization/expire-cards',
    merchantId,
    payload: { expiry: card.expiry },
    dueAt: new Date(Date.UTC(last.year, last.month)),
    now: gateway.clock.now(),
  });
}
