/**
 * The sandbox's buttons "Simulate next payment succeeded" and "… failed" (contract section 20): the next period is charged now, with a
 * test card. One click is one period, and its result is the final one. The clock stays where it is.
 */
import { simulatedCard } from '../checkout/simulate.ts';
import type { Gateway } from '../gateway.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { nextTryOf } from './next-try.ts';
import { beginPeriod } from './renew.ts';
import { rulesOf } from './retry.ts';
import type { Subscription } from './subscription.ts';

/** Nothing happens while a charge is on its way, when no period is to follow, and when its price or card changes at this moment. */
export async function simulateNext(
  gateway: Gateway,
  { settings }: Merchant,
  subscription: Subscription,
  succeeds: boolean,
): Promise<void> {
  const next = await nextTryOf(gateway.database, subscription);
  if (next === undefined) return;
  // The last try that the merchant's rules allow: no other follows.
  const attempt = succeeds ? next.attempt : Math.max(next.attempt, rulesOf(settings).attempts);
  const card = simulatedCard({ echo: { paymentInfo: subscription.echo.usedPaymentInfo } }, succeeds);
  try {
    await beginPeriod(gateway, subscription, { period: next.period, attempt, initiator: 'MIT' }, card);
  } finally {
    card.dispose();
  }
  gateway.nudge();
}
