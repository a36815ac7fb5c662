/**
 * M-2 and M-5: an id that never was, another merchant's, another merchant's that was removed, and one that nobody could
 * have made are one and the same to a caller: same status, same headers, same bytes, and about the same time.
 */
import { operations } from '@waffo/protocol/operations/all';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { changeOf, subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
/** Ids by kind; the caller is the other merchant. */
let ids: Record<
  | 'token'
  | 'removedToken'
  | 'order'
  | 'paymentRequest'
  | 'refundRequest'
  | 'tokenRequest'
  | 'subscription'
  | 'subscriptionRequest',
  string
>;

beforeAll(async () => {
  gateway = await startTestGateway();
  const user = freshId('u');
  const token = await gateway.bind({}, user);
  const removedToken = await gateway.bind({}, user);
  await gateway.call('/tokenization/remove', { tokenId: removedToken });
  const order = orderOf(gateway, { tokenId: token });
  const { data } = await gateway.call('/order/create', order);
  const refundRequest = freshId('r').slice(-32);
  await gateway.call('/order/refund', {
    ...idPart(gateway.merchant.merchantId),
    requestedAt: now,
    refundRequestId: refundRequest,
    acquiringOrderId: data.acquiringOrderId,
    refundAmount: '1.00',
    refundReason: 'broken',
  });
  const [{ tokenRequestId: tokenRequest }] = (await gateway.call('/tokenization/inquiry', { tokenId: token })).data;
  const paymentRequest = String(order.paymentRequestId);
  const subscribed = (await gateway.call('/subscription/create', subscriptionOf(gateway, { tokenId: token }))).data;
  ids = {
    token,
    removedToken,
    order: data.acquiringOrderId,
    paymentRequest,
    refundRequest,
    tokenRequest,
    subscription: subscribed.subscriptionId,
    subscriptionRequest: subscribed.subscriptionRequest,
  };
});
afterAll(() => gateway.stop());

const now = '2026-11-23T12:00:00.000Z';
const idPart = (merchantId: string) => ({ merchantId });
const own = () => idPart(gateway.pci.merchantId);
const moneyPart = { refundAmount: '1.00', refundReason: 'x', requestedAt: now };

interface Row {
  readonly operation: string;
  /** The member that carries the id. */
  readonly by: string;
  readonly body: (id: string) => object;
  /** An id that never was, in the form of a real one. */
  readonly unknown: string;
  readonly others: () => readonly string[];
  /** What nobody could have made, where the contract has no code of its own for it. */
  readonly malformed: readonly string[];
}

const anyId = ['x', '../../etc/passwd', "' or 1=1 --", '%00', '{"$ne":""}', '💳', '__proto__'];
const tokens = () => [ids.token, ids.removedToken];

const rows: readonly Row[] = [
  {
    operation: '/tokenization/inquiry',
    by: 'tokenId',
    body: (tokenId) => ({ tokenId }),
    unknown: `tok_${'x'.repeat(22)}`,
    others: tokens,
    malformed: anyId,
  },
  {
    operation: '/tokenization/inquiry',
    by: 'tokenRequestId',
    body: (tokenRequestId) => ({ tokenRequestId }),
    unknown: 'nobody_asked',
    others: () => [ids.tokenRequest],
    malformed: anyId,
  },
  {
    operation: '/tokenization/remove',
    by: 'tokenId',
    body: (tokenId) => ({ tokenId }),
    unknown: `tok_${'x'.repeat(22)}`,
    others: tokens,
    malformed: anyId,
  },
  {
    operation: '/order/create',
    by: 'tokenId',
    body: (tokenId) => orderOf(gateway, { tokenId }),
    unknown: `tok_${'x'.repeat(22)}`,
    others: tokens,
    // A token that is none has a code of its own: A0032.
    malformed: [],
  },
  {
    operation: '/order/inquiry',
    by: 'paymentRequestId',
    body: (paymentRequestId) => ({ paymentRequestId }),
    unknown: 'nobody_paid',
    others: () => [ids.paymentRequest],
    malformed: anyId,
  },
  {
    operation: '/order/inquiry',
    by: 'acquiringOrderId',
    body: (acquiringOrderId) => ({ acquiringOrderId }),
    unknown: `A20261123120000${'x'.repeat(15)}`,
    others: () => [ids.order],
    malformed: anyId,
  },
  {
    operation: '/order/cancel',
    by: 'acquiringOrderId',
    body: (acquiringOrderId) => ({ ...own(), acquiringOrderId, orderRequestedAt: now }),
    unknown: `A20261123120000${'x'.repeat(15)}`,
    others: () => [ids.order],
    malformed: anyId,
  },
  {
    operation: '/order/capture',
    by: 'acquiringOrderId',
    body: (acquiringOrderId) => ({ ...own(), acquiringOrderId, captureAmount: '1.00', captureRequestedAt: now }),
    unknown: `A20261123120000${'x'.repeat(15)}`,
    others: () => [ids.order],
    malformed: anyId,
  },
  {
    operation: '/order/refund',
    by: 'acquiringOrderId',
    body: (acquiringOrderId) => ({
      ...own(),
      ...moneyPart,
      refundRequestId: freshId('r').slice(-32),
      acquiringOrderId,
    }),
    unknown: `A20261123120000${'x'.repeat(15)}`,
    others: () => [ids.order],
    malformed: anyId,
  },
  {
    operation: '/refund/inquiry',
    by: 'refundRequestId',
    body: (refundRequestId) => ({ refundRequestId }),
    unknown: 'nobody_refunded',
    others: () => [ids.refundRequest],
    malformed: anyId,
  },
  {
    operation: '/subscription/create',
    by: 'tokenId',
    body: (tokenId) => subscriptionOf(gateway, { tokenId }),
    unknown: `tok_${'x'.repeat(22)}`,
    others: tokens,
    // As with an order: A0032.
    malformed: [],
  },
  {
    operation: '/subscription/inquiry',
    by: 'subscriptionRequest',
    body: (subscriptionRequest) => ({ subscriptionRequest }),
    unknown: 'nobody_subscribed',
    others: () => [ids.subscriptionRequest],
    malformed: anyId,
  },
  {
    operation: '/subscription/inquiry',
    by: 'subscriptionId',
    body: (subscriptionId) => ({ subscriptionId }),
    unknown: `SC20261123120000${'x'.repeat(15)}`,
    others: () => [ids.subscription],
    malformed: anyId,
  },
  {
    operation: '/subscription/update',
    by: 'subscriptionId',
    body: (subscriptionId) => ({ subscriptionId, amount: '1.00' }),
    unknown: `SC20261123120000${'x'.repeat(15)}`,
    others: () => [ids.subscription],
    malformed: anyId,
  },
  {
    operation: '/subscription/change',
    by: 'originSubscriptionRequest',
    body: (originSubscriptionRequest) => ({
      merchantInfo: own(),
      ...changeOf(gateway, originSubscriptionRequest, { subscriptionRequest: 'a_change' }),
    }),
    unknown: 'nobody_made_this',
    others: () => [ids.subscriptionRequest],
    malformed: anyId,
  },
  {
    operation: '/subscription/change/inquiry',
    by: 'subscriptionRequest',
    body: (subscriptionRequest) => ({ subscriptionRequest, originSubscriptionRequest: 'an_origin' }),
    unknown: 'nobody_made_this',
    others: () => [ids.subscriptionRequest],
    malformed: anyId,
  },
  {
    operation: '/subscription/manage',
    by: 'subscriptionId',
    body: (subscriptionId) => ({ subscriptionId }),
    unknown: `SC20261123120000${'x'.repeat(15)}`,
    others: () => [ids.subscription],
    malformed: anyId,
  },
  {
    operation: '/subscription/cancel',
    by: 'subscriptionId',
    body: (subscriptionId) => ({ ...own(), subscriptionId, requestedAt: now }),
    unknown: `SC20261123120000${'x'.repeat(15)}`,
    others: () => [ids.subscription],
    malformed: anyId,
  },
];

/** All that a caller sees, but for what differs from call to call. */
const seen = ({ status, headers, raw }: Answer) => ({
  status,
  raw,
  headers: [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name)),
});

const ask = (row: Row, id: string) => gateway.call(row.operation, row.body(id), gateway.pci);

describe.each(rows.map((row) => [`${row.operation} by ${row.by}`, row] as const))('%s', (_name, row) => {
  test('tells an unknown id from no other that the caller may not see', async () => {
    const unknown = seen(await ask(row, row.unknown));
    for (const id of [...row.others(), ...row.malformed]) expect(seen(await ask(row, id)), id).toEqual(unknown);
    expect(unknown.raw).not.toContain(row.unknown);
    expect(unknown.status).toBeLessThan(500);
  });

  test('and takes about as long for either', async () => {
    const times = { unknown: [] as number[], foreign: [] as number[] };
    const [foreign = ''] = row.others();
    for (let round = 0; round < 30; round++) {
      times.unknown.push(await timeOf(() => ask(row, row.unknown)));
      times.foreign.push(await timeOf(() => ask(row, foreign)));
    }
    const [a, b] = [median(times.unknown), median(times.foreign)];
    // Two look-ups in the place of one would be told; the noise of a busy machine is not.
    expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(2);
  });
});

test('every operation that takes an id of something that exists has a row', () => {
  const withoutOne = [
    '/tokenization/generate',
    '/tokenization/submit',
    '/merchantconfig/inquiry',
    '/paymethodconfig/inquiry',
  ];
  const covered = new Set([...rows.map(({ operation }) => operation), ...withoutOne]);
  expect(operations.map(({ path }) => path as string).filter((path) => !covered.has(path))).toEqual([]);
});

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
