/**
 * P-1: requests bent in every way, over every operation, signed and unsigned. Every answer is below 500, signed, and as the
 * OpenAPI document says. A run is made again by its seed: `npm run prove:malformed -- <count> <seed>`, which is also how
 * it is run with a million.
 */
import { setMaxListeners } from 'node:events';
import { seal } from '@waffo/protocol/envelope/seal';
import { operations } from '@waffo/protocol/operations/all';
import { sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { privateKeyOf } from '../kit/keys.ts';
import { type Bend, bendsOf, bent, bentHeaders } from '../kit/malformed.ts';
import { changeOf, subscriptionOf } from '../kit/subscription.ts';
import { testCard } from '../kit/test-card.ts';

const count = Number(process.env.MALFORMED_COUNT ?? 20_000);
const seed = Number(process.env.MALFORMED_SEED ?? 20_261_123);
const atOnce = 16;
const chunk = 2_000;

let gateway: TestGateway;
let goods: { path: string; door: string; body: Record<string, unknown> }[];

beforeAll(async () => {
  setMaxListeners(100);
  gateway = await startTestGateway();
  goods = await goodRequests();
});
afterAll(() => gateway.stop());

const at = '2026-11-23T12:00:00.000Z';

async function goodRequests() {
  const { merchantId } = gateway.merchant;
  const merchantInfo = { merchantId };
  const tokenId = await gateway.bind();
  const order = {
    merchantInfo,
    ...orderOf(gateway, { tokenId }),
    addressInfo: {},
    goodsInfo: { goodsUrl: 'https://a.example' },
  };
  const acquiringOrderId = (await gateway.call('/order/create', order)).data.acquiringOrderId;
  const subscription = { merchantInfo, ...subscriptionOf(gateway, { tokenId }) };
  const { subscriptionId } = (await gateway.call('/subscription/create', subscription)).data;
  const another = (await gateway.call('/subscription/create', subscriptionOf(gateway, { tokenId }))).data;
  const origin = (await gateway.call('/subscription/create', subscriptionOf(gateway, { tokenId }))).data;
  const change: Record<string, unknown> = {
    merchantInfo,
    ...changeOf(gateway, origin.subscriptionRequest, { goodsInfo: {}, addressInfo: {} }),
  };
  await gateway.call('/subscription/change', change);
  const binding = { merchantInfo, tokenRequestId: freshId('t'), merchantUserId: 'user_1', tokenType: 'CARD' };
  const { tokenSessionId } = (await gateway.call('/tokenization/generate', binding)).data;
  const encryptedCard = await seal(tokenSessionId, testCard);
  const money = { refundRequestId: freshId('r').slice(-32), acquiringOrderId, merchantId, requestedAt: at };
  const bodies: Record<string, Record<string, unknown>> = {
    '/tokenization/generate': { ...binding, notifyUrl: gateway.receiver.url, billingAddress: { countryCode: 'USA' } },
    '/tokenization/submit': { tokenSessionId, encryptedCard, billingAddress: { city: 'x' } },
    '/tokenization/inquiry': { merchantInfo, tokenId },
    '/tokenization/remove': { merchantInfo, tokenId: `tok_${'0'.repeat(22)}` },
    '/order/create': order,
    '/order/inquiry': { acquiringOrderId },
    '/order/cancel': { acquiringOrderId, merchantId, orderRequestedAt: at },
    '/order/capture': { acquiringOrderId, merchantId, captureRequestedAt: at, captureAmount: '1.00' },
    '/order/refund': { ...money, refundAmount: '1.00', refundReason: 'x' },
    '/refund/inquiry': { refundRequestId: money.refundRequestId },
    '/subscription/create': subscription,
    '/subscription/inquiry': { subscriptionId, paymentDetails: 1 },
    // One that nobody cancels.
    '/subscription/update': {
      subscriptionId: another.subscriptionId,
      amount: '1.00',
      productInfo: { scheduledAmounts: [{ period: '2', amount: '1.00' }] },
    },
    '/subscription/manage': { subscriptionId: another.subscriptionId },
    '/subscription/change': change,
    '/subscription/change/inquiry': {
      originSubscriptionRequest: change.originSubscriptionRequest,
      subscriptionRequest: change.subscriptionRequest,
    },
    '/subscription/cancel': { subscriptionId, merchantId, requestedAt: at },
    '/merchantconfig/inquiry': { merchantId },
    '/paymethodconfig/inquiry': { merchantId },
  };
  return operations.map(({ path, door }) => {
    const body = bodies[path];
    if (body === undefined) throw new Error(`${path} has no good request to bend: add one`);
    return { path, door, body };
  });
}

interface Toll {
  readonly statuses: Map<number, number>;
  readonly wrong: string[];
}

async function sendBent(bend: Bend, number: number, toll: Toll): Promise<void> {
  const good = goods[bend.base % goods.length] as (typeof goods)[number];
  const bytes = bent(good.body, bend);
  const isBrowser = good.door === 'browser';
  const headers = bentHeaders(
    {
      'content-type': 'application/json',
      'x-api-key': isBrowser ? gateway.merchant.clientApiKey : gateway.merchant.apiKey,
      ...(bend.signed &&
        !isBrowser && { 'x-signature': await sign(bytes, privateKeyOf(gateway.merchant.merchantPrivateKey)) }),
    },
    bend,
  );
  try {
    const { status, raw } = await gateway.send(`/api/v1${good.path}`, bytes, headers);
    toll.statuses.set(status, (toll.statuses.get(status) ?? 0) + 1);
    if (status >= 500)
      toll.wrong.push(`#${number} ${good.path} ${JSON.stringify(bend).slice(0, 300)}: ${status} ${raw}`);
  } catch (error) {
    toll.wrong.push(`#${number} ${good.path} ${JSON.stringify(bend).slice(0, 300)}: ${String(error).slice(0, 300)}`);
  }
}

test(
  `${count} bent requests of seed ${seed}: no 5xx, no unsigned and no undocumented answer`,
  async () => {
    const toll: Toll = { statuses: new Map(), wrong: [] };
    for (let done = 0; done < count; done += chunk) {
      const bends = bendsOf(seed + done, Math.min(chunk, count - done));
      const queue = bends.entries();
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (const [index, bend] of queue) await sendBent(bend, done + index, toll);
        }),
      );
      // What a million answers and their lines need is more than there is.
      gateway.answers.length = 0;
      gateway.logLines.length = 0;
      if (count > 20_000) console.log(`${done + bends.length} of ${count}; ${toll.wrong.length} wrong`);
    }
    expect(toll.wrong.slice(0, 10)).toEqual([]);
    const total = [...toll.statuses.values()].reduce((sum, n) => sum + n, 0);
    expect(total).toBe(count);
    // Many must get past the door, or nothing was tried behind it.
    expect(toll.statuses.get(200) ?? 0).toBeGreaterThan(count / 50);
    expect(toll.statuses.get(400) ?? 0).toBeGreaterThan(count / 5);
    expect((await gateway.call('/order/inquiry', { paymentRequestId: 'still_there' })).code).toBe('A0009');
  },
  60_000 + count * 20,
);
