/** C-3 beside what `orders.test.ts` races: callers who contradict one another at once. And P-4: many duplicates of many ids. */
import { Agent, request } from 'node:http';
import { sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { privateKeyOf } from '../kit/keys.ts';

let gateway: TestGateway;
const agent = new Agent({ keepAlive: true, maxSockets: 50 });
beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_LOG_LEVEL: 'error' });
});
afterAll(async () => {
  agent.destroy();
  await gateway.stop();
});

const count = async (text: string, values: unknown[] = []) =>
  Number((await gateway.database.rows<{ n: bigint }>({ name: `test/${freshId('c')}`, text }, values))[0]?.n);

/** The same bytes as often as one likes, signed once: what the client's own work costs is not in the way. */
async function duplicates(path: string, body: object, times: number): Promise<{ status: number; raw: string }[]> {
  const bytes = Buffer.from(JSON.stringify(body));
  const { apiKey, merchantPrivateKey } = gateway.merchant;
  const signature = await sign(bytes, privateKeyOf(merchantPrivateKey));
  const headers = {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'x-api-key': apiKey,
    'x-signature': signature,
  };
  const one = () =>
    new Promise<{ status: number; raw: string }>((resolve, reject) => {
      const call = request(`${gateway.url}/api/v1${path}`, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, raw: String(Buffer.concat(chunks)) }));
      });
      call.on('error', reject);
      call.end(bytes);
    });
  return Promise.all(Array.from({ length: times }, one));
}

const merchantInfo = () => ({ merchantInfo: { merchantId: gateway.merchant.merchantId } });

describe('P-4, at the size of CI: 200 ids, 50 duplicates of each', () => {
  test('orders: each is charged once, and all its answers are the same bytes', async () => {
    const tokenId = await gateway.bind({}, 'shopper');
    const before = await count(`select count(*) as n from sandbox_transaction where verb = 'purchase'`);
    for (let id = 0; id < 100; id++) {
      const answers = await duplicates('/order/create', { ...merchantInfo(), ...orderOf(gateway, { tokenId }) }, 50);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ raw }) => raw)).size).toBe(1);
    }
    expect((await count(`select count(*) as n from sandbox_transaction where verb = 'purchase'`)) - before).toBe(100);
    expect(await count('select count(*) as n from payment_order')).toBe(100);
  }, 180_000);

  test('sessions: each is opened once, and all its answers are the same bytes', async () => {
    const before = await count('select count(*) as n from tokenization_session');
    for (let id = 0; id < 100; id++) {
      const body = { ...merchantInfo(), tokenRequestId: freshId('t'), merchantUserId: freshId('u'), tokenType: 'CARD' };
      const answers = await duplicates('/tokenization/generate', body, 50);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ raw }) => raw)).size).toBe(1);
    }
    expect((await count('select count(*) as n from tokenization_session')) - before).toBe(100);
  }, 180_000);
});

describe('at once', () => {
  test('remove and charge: either the token paid before it was gone, or it did not pay at all', async () => {
    for (let round = 0; round < 15; round++) {
      const tokenId = await gateway.bind({}, freshId('u'));
      const order = orderOf(gateway, { tokenId });
      const [paid, removed] = await Promise.all([
        gateway.call('/order/create', order),
        gateway.call('/tokenization/remove', { tokenId }),
      ]);
      expect(removed.code).toBe('0');
      expect(['0', 'A0037']).toContain(paid.code);
      const charged = await count(
        `select count(*) as n from sandbox_transaction t
           join payment_attempt a on a.attempt_id::text = t.reference
           join payment_order o on o.acquiring_order_id = a.subject_id
         where o.payment_request_id = $1 and t.outcome->>'kind' = 'approved'`,
        [order.paymentRequestId],
      );
      expect(charged).toBe(paid.data?.orderStatus === 'PAY_SUCCESS' ? 1 : 0);
      expect(await gateway.call('/order/create', orderOf(gateway, { tokenId }))).toMatchObject({ code: 'A0037' });
    }
  });

  test('create and cancel: the cancel finds no order, or the order as it is, and money agrees with the status', async () => {
    const tokenId = await gateway.bind({}, freshId('u'));
    for (let round = 0; round < 15; round++) {
      const order = orderOf(gateway, { tokenId });
      const { paymentRequestId } = order;
      const { merchantId } = gateway.merchant;
      const cancel = { merchantId, paymentRequestId, orderRequestedAt: '2026-11-23T12:00:00.000Z' };
      const [created, cancelled] = await Promise.all([
        gateway.call('/order/create', order),
        gateway.call('/order/cancel', cancel),
      ]);
      expect(created.code).toBe('0');
      expect(cancelled.code, cancelled.raw).toMatch(/^(?:0|A0009|A0013|A0015|A0016|A0040|E0001)$/);
      const { data } = await gateway.call('/order/inquiry', { paymentRequestId });
      expect(['PAY_SUCCESS', 'ORDER_CLOSE']).toContain(data.orderStatus);
    }
  });

  test('remove, fifty times: erased once, told once, and every caller is content', async () => {
    const tokenId = await gateway.bind({}, freshId('u'));
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gateway.call('/tokenization/remove', { tokenId })),
    );
    expect(new Set(answers.map(({ raw }) => raw)).size).toBe(1);
    await gateway.settle();
    const told = gateway.receiver
      .events('TOKENIZATION_NOTIFICATION')
      .filter(({ result }) => result.tokenId === tokenId && result.tokenStatus === 'REMOVED');
    expect(told).toHaveLength(1);
  });
});
