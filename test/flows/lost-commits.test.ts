/**
 * C-4: the connection to the database breaks in COMMIT. Whatever the caller was told, its retry finds one object, and money
 * agrees with it. A call that was recorded and then never made ends as declined (decision 0006); nothing is made twice.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommitCutter, startCommitCutter } from '../kit/commit-cutter.ts';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
let cutter: CommitCutter;
beforeAll(async () => {
  gateway = await startTestGateway({}, async (url) => {
    cutter = startCommitCutter(url);
    return cutter.url;
  });
});
afterAll(async () => {
  await gateway.stop();
  cutter.stop();
});

const count = async (text: string, values: unknown[] = []) =>
  Number((await gateway.database.rows<{ n: bigint }>({ name: `test/${freshId('c')}`, text }, values))[0]?.n);

/** A caller that does what the codes say: the same request again, until it is told how things stand. */
async function insist(send: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; tries < 10; tries++) {
    const answer = await send();
    if (!['E0001', 'A0040', 'C0001'].includes(answer.code)) return answer;
    // Long enough for what has no known outcome to be asked after.
    await gateway.travel(61_000);
  }
  throw new Error('nobody ever said how things stand');
}

/** Sends once with a commit cut, and then until there is an answer. */
async function sendThrough(nth: number, when: 'before' | 'after', send: () => Promise<Answer>): Promise<Answer> {
  cutter.arm(nth, when);
  const first = await send();
  cutter.disarm();
  expect(['0', 'E0001', 'C0001', 'A0040']).toContain(first.code);
  return insist(send);
}

const cuts = [1, 2, 3].flatMap((nth) => [[nth, 'before'] as const, [nth, 'after'] as const]);

describe.each(cuts)('when commit %i breaks %s the server has done it', (nth, when) => {
  test('an order is one order, told once, and charged once or closed', async () => {
    const tokenId = await gateway.bind({}, freshId('u'));
    const order = orderOf(gateway, { tokenId });
    const purchases = () => count(`select count(*) as n from sandbox_transaction where verb = 'purchase'`);
    const before = await purchases();
    const answer = await sendThrough(nth, when, () => gateway.call('/order/create', order));
    expect(answer).toMatchObject({
      code: '0',
      data: { orderStatus: expect.stringMatching(/^(PAY_SUCCESS|ORDER_CLOSE)$/) },
    });
    expect((await purchases()) - before).toBe(answer.data.orderStatus === 'PAY_SUCCESS' ? 1 : 0);
    const id = order.paymentRequestId;
    expect(await count('select count(*) as n from payment_order where payment_request_id = $1', [id])).toBe(1);
    await gateway.travel(61_000);
    const told = gateway.receiver.events('PAYMENT_NOTIFICATION').filter(({ result }) => result.paymentRequestId === id);
    expect(told).toHaveLength(1);
  });

  test('a bare card is bound once or not at all', async () => {
    const tokenRequestId = freshId('t');
    const body = {
      tokenRequestId,
      merchantUserId: freshId('u'),
      tokenType: 'CARD',
      tokenData: { pan: '4111111111111111', expiry: '12/2030', cvv: '123' },
    };
    const answer = await sendThrough(nth, when, () => gateway.call('/tokenization/generate', body, gateway.pci));
    expect(['0', 'C0005']).toContain(answer.code);
    const tokens = await count('select count(*) as n from token where token_request_id = $1', [tokenRequestId]);
    expect(tokens).toBe(answer.code === '0' ? 1 : 0);
    expect(answer.data?.tokenId !== undefined).toBe(tokens === 1);
  });

  test('a refund pays back once or has failed', async () => {
    const tokenId = await gateway.bind({}, freshId('u'));
    const { data } = await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    const body = {
      merchantId: gateway.merchant.merchantId,
      requestedAt: '2026-11-23T12:00:00.000Z',
      refundRequestId: freshId('r').slice(-32),
      acquiringOrderId: data.acquiringOrderId,
      refundAmount: '40.00',
      refundReason: 'returned',
    };
    const refunds = () => count(`select count(*) as n from sandbox_transaction where verb = 'refund'`);
    const before = await refunds();
    const answer = await sendThrough(nth, when, () => gateway.call('/order/refund', body));
    expect(answer.code).toBe('0');
    await gateway.travel(2 * 61_000);
    const { refundRequestId } = body;
    const { data: record } = await gateway.call('/refund/inquiry', { refundRequestId });
    expect(record.refundStatus).toMatch(/^(ORDER_PARTIALLY_REFUNDED|ORDER_REFUND_FAILED)$/);
    expect((await refunds()) - before).toBe(record.refundStatus === 'ORDER_REFUND_FAILED' ? 0 : 1);
  });
});

test('commits were cut at all', () => expect(cutter.cuts()).toBeGreaterThanOrEqual(12));
