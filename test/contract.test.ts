/** What is declared, generated and judged with must be the same thing. */
import { readFileSync } from 'node:fs';
import { notifications } from '@waffo/protocol/notifications';
import type { Operation } from '@waffo/protocol/operation';
import { operations } from '@waffo/protocol/operations/all';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operations as routes } from '../packages/gateway/src/operations.ts';
import { faultsOfAnswer, faultsOfWebhook } from './kit/contract.ts';

describe('an operation', () => {
  test.each(operations.map((operation) => [operation.path, operation as Operation] as const))(
    '%s is validated as it is on the wire: no transform, no default',
    (_, { request, data }) => {
      for (const schema of [request, data]) {
        expect(z.toJSONSchema(schema, { io: 'input' })).toEqual(
          withoutClosing(z.toJSONSchema(schema, { io: 'output' })),
        );
      }
    },
  );

  test('is declared once and handled once', () => {
    expect(routes.map(({ operation }) => operation.path).sort()).toEqual(operations.map(({ path }) => path).sort());
  });
});

describe('the judge of answers', () => {
  const good = {
    code: '0',
    msg: 'Success',
    data: { paymentRequestId: 'p', merchantOrderId: 'm', acquiringOrderId: 'A', orderStatus: 'PAY_SUCCESS' },
  };

  test('lets a good answer pass', () => {
    expect(faultsOfAnswer('/api/v1/order/create', 200, good)).toEqual([]);
  });

  test.each([
    ['a number for an id', 200, { ...good, data: { ...good.data, paymentRequestId: 1 } }],
    ['an unknown status', 200, { ...good, data: { ...good.data, orderStatus: 'PAID' } }],
    ['a member missing', 200, { code: '0', msg: 'Success' }],
    ['a member too many', 200, { ...good, success: true }],
    ['success with the HTTP status of a refusal', 400, good],
    ['an undocumented HTTP status', 418, good],
  ])('finds %s', (_, status, answer) => {
    expect(faultsOfAnswer('/api/v1/order/create', status, answer)).not.toEqual([]);
  });

  test('finds a webhook without its result', () => {
    expect(faultsOfWebhook({ eventType: notifications[0].shape.eventType.value })).not.toEqual([]);
    expect(faultsOfWebhook({ eventType: 'RUMOUR' })).not.toEqual([]);
  });
});

/** Answers say `additionalProperties: false` where requests say nothing: only that may differ. */
function withoutClosing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutClosing);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => !(name === 'additionalProperties' && member === false))
      .map(([name, member]) => [name, withoutClosing(member)]),
  );
}

test('the vendor describes the same members for its endpoints', () => {
  const document = JSON.parse(readFileSync(new URL('../docs/reference/openapi.json', import.meta.url), 'utf8'));
  const { required } = document.components.schemas.OrderCreateRequest;
  // The vendor's own list for order/create; everything else is optional there.
  expect([...required].sort()).toEqual(
    [
      'merchantInfo',
      'merchantOrderId',
      'notifyUrl',
      'orderAmount',
      'orderCurrency',
      'orderDescription',
      'orderRequestedAt',
      'paymentInfo',
      'paymentRequestId',
      'userInfo',
    ].sort(),
  );
});
