import { type RefundStatus, refundStatuses } from '@waffo/protocol/statuses';
import { describe, expect, test } from 'vitest';
import { advance, type Refund, type RefundEvent, transitions } from './refund.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const statuses = Object.keys(refundStatuses) as RefundStatus[];
const events: RefundEvent[] = ['refunded', 'refunded-last', 'refused'];
const refundIn = (status: RefundStatus): Refund => ({ status, updatedAt: now }) as Refund;

describe('a refund', () => {
  test.each(statuses.flatMap((status) => events.map((event) => ({ status, event }))))(
    'in $status does on $event what the table says, or refuses',
    ({ status, event }) => {
      const next = transitions[status][event];
      const act = () => advance(refundIn(status), event, now).status;
      if (next === undefined) expect(act).toThrow(expect.objectContaining({ fault: 'ORDER_STATE_INVALID' }));
      else expect(act()).toBe(next);
    },
  );

  test('that ended never changes again, and carries the moment of its end', () => {
    for (const status of statuses.filter((name) => refundStatuses[name].final)) expect(transitions[status]).toEqual({});
    for (const event of events) expect(advance(refundIn('REFUND_IN_PROGRESS'), event, now).completedAt).toBe(now);
  });
});
