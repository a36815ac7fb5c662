import { type OrderStatus, orderStatuses } from '@waffo/protocol/statuses';
import { describe, expect, test } from 'vitest';
import { advance, type Order, type OrderEvent, refundExpiryOf, transitions } from './order.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const statuses = Object.keys(orderStatuses) as OrderStatus[];
const events = Object.keys({
  'charge-sent': true,
  paid: true,
  authorized: true,
  declined: true,
  closed: true,
  voided: true,
  'capture-sent': true,
  'capture-refused': true,
  captured: true,
} satisfies Record<OrderEvent, true>) as OrderEvent[];
const orderIn = (status: OrderStatus): Order => ({ status, updatedAt: now }) as Order;

describe('an order', () => {
  test.each(statuses.flatMap((status) => events.map((event) => ({ status, event }))))(
    'in $status does on $event what the table says, or refuses',
    ({ status, event }) => {
      const next = transitions[status][event];
      const act = () => advance(orderIn(status), event, now).status;
      if (next === undefined) expect(act).toThrow(expect.objectContaining({ fault: 'ORDER_STATE_INVALID' }));
      else expect(act()).toBe(next);
    },
  );

  test('that is paid or closed never changes again', () => {
    for (const status of statuses.filter((name) => orderStatuses[name].final)) expect(transitions[status]).toEqual({});
  });

  test('always ends: from every status a final one can be reached', () => {
    const reach = (status: OrderStatus, seen: readonly OrderStatus[] = []): boolean =>
      orderStatuses[status].final ||
      Object.values(transitions[status]).some((next) => !seen.includes(next) && reach(next, [...seen, status]));
    expect(statuses.filter((status) => !reach(status))).toEqual([]);
  });

  test.each([
    ['2026-11-23T00:00:00.000Z', '2027-05-22T23:59:59.999Z'],
    ['2026-11-23T23:59:59.999Z', '2027-05-22T23:59:59.999Z'],
    ['2027-09-03T12:00:00.000Z', '2028-03-01T23:59:59.999Z'],
  ])('paid at %s can be refunded until %s: 180 days, to the end of the day, UTC', (paidAt, until) => {
    expect(refundExpiryOf(new Date(paidAt)).toISOString()).toBe(until);
  });
});
