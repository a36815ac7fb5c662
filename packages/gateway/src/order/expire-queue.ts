/** When an order ends by the clock: written in the transaction that gives it its time; `order/expire.ts` does it. */
import type { Gateway } from '../gateway.ts';
import { enqueue } from '../job/queue.ts';
import type { Tx } from '../storage/database.ts';
import type { Order } from './order.ts';

/** How long an issuer keeps an amount held; schemes say 5 to 10 days. */
export const authorizationLifetimeMs = 7 * 24 * 3_600_000;

/** The shopper's time ends at `expiresAt`. */
export const queueExpiry = (gateway: Pick<Gateway, 'clock'>, tx: Tx, order: Order): Promise<void> =>
  queue(gateway, tx, order, { dueAt: order.expiresAt });

/** The merchant's time to capture ends a week after the authorisation. */
export const queueAuthorizationExpiry = (gateway: Pick<Gateway, 'clock'>, tx: Tx, order: Order): Promise<void> =>
  queue(gateway, tx, order, {
    dueAt: new Date(gateway.clock.now().getTime() + authorizationLifetimeMs),
    ends: 'authorization',
  });

const queue = (
  { clock }: Pick<Gateway, 'clock'>,
  tx: Tx,
  { merchantId, acquiringOrderId }: Order,
  { dueAt, ends }: { readonly dueAt: Date; readonly ends?: 'authorization' },
) => enqueue(tx, { kind: 'order/expire', merchantId, payload: { acquiringOrderId, ends }, dueAt, now: clock.now() });
