import { type SubscriptionStatus, subscriptionStatuses } from '@waffo/protocol/statuses';
import { describe, expect, test } from 'vitest';
import { advance, type Subscription, type SubscriptionEvent, transitions } from './subscription.ts';
import { amountOf } from './terms.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const statuses = Object.keys(subscriptionStatuses) as SubscriptionStatus[];
const events = Object.keys({
  started: true,
  refused: true,
  cancelled: true,
  left: true,
  lapsed: true,
  completed: true,
} satisfies Record<SubscriptionEvent, true>) as SubscriptionEvent[];
const subscriptionIn = (status: SubscriptionStatus) => ({ status, nextChargeAt: now }) as Subscription;

describe('a subscription', () => {
  test.each(statuses.flatMap((status) => events.map((event) => ({ status, event }))))(
    'in $status does on $event what the table says, or refuses',
    ({ status, event }) => {
      const next = transitions[status][event];
      const act = () => advance(subscriptionIn(status), event, now).status;
      if (next === undefined) expect(act).toThrow(expect.objectContaining({ fault: 'ORDER_STATE_INVALID' }));
      else expect(act()).toBe(next);
    },
  );

  test('that has ended never changes again, and names no next charge', () => {
    for (const status of statuses.filter((name) => subscriptionStatuses[name].final)) {
      expect(transitions[status]).toEqual({});
    }
    expect(advance(subscriptionIn('ACTIVE'), 'cancelled', now).nextChargeAt).toBeUndefined();
  });

  test('always ends: from every status a final one can be reached', () => {
    const reach = (status: SubscriptionStatus, seen: readonly SubscriptionStatus[] = []): boolean =>
      subscriptionStatuses[status].final ||
      Object.values(transitions[status]).some((next) => !seen.includes(next) && reach(next, [...seen, status]));
    expect(statuses.filter((status) => !reach(status))).toEqual([]);
  });

  test('costs in each period what was agreed for it', () => {
    const cycle = { type: 'MONTHLY', interval: 1 } as const;
    const plan = { cycle, trial: { ...cycle, periods: 2 }, periods: undefined };
    const terms = { plan, amount: '10.00', trialAmount: '1.00', scheduled: { '4': '5.00' } };
    expect([1, 2, 3, 4, 5].map((period) => amountOf(terms, period))).toEqual([
      '1.00',
      '1.00',
      '10.00',
      '5.00',
      '10.00',
    ]);
    expect(amountOf({ ...terms, trialAmount: undefined }, 1)).toBe('10.00');
    expect(amountOf({ ...terms, kept: { period: 4, amount: '7.00' } }, 4)).toBe('7.00');
  });
});
