/**
 * Power cuts. At each named point of the roads of bind and pay the gateway, the database server or both die at once.
 * Then the gateway starts again, the clients repeat what they had not heard an answer to, and nothing is lost and
 * nothing has happened twice.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { type App, startApp } from '../../../packages/gateway/src/app.ts';
import { VirtualClock } from '../../../packages/gateway/src/clock.ts';
import { configFrom } from '../../../packages/gateway/src/config.ts';
import { crashPoints } from '../../../packages/gateway/src/crash-point.ts';
import type { SandboxMerchant } from '../../../packages/gateway/src/merchant/sandbox-home.ts';
import { startChildGateway } from '../../kit/child-gateway.ts';
import { sandboxOf } from '../../kit/gateway.ts';
import { layHome } from '../../kit/laid-home.ts';
import { passTime, patientCaller } from '../../kit/patience.ts';
import { startReceiver } from '../../kit/receiver.ts';
import { testCard } from '../../kit/test-card.ts';

const stories = crashPoints.flatMap((point) =>
  (['gateway', 'database', 'both'] as const).map((victim) => ({ point, victim })),
);

interface Heard {
  tokenSessionId?: string;
  bound?: boolean;
  tokenId?: string;
  order?: { acquiringOrderId: string; orderStatus: string };
}

const ids = { tokenRequestId: 'treq_crash', paymentRequestId: 'pay_crash' };

describe.concurrent.each(stories)('$victim killed at $point', ({ point, victim }) => {
  test('no acknowledged token lost, no second charge, every notification arrives', async () => {
    const home = await layHome('waffo-crash-');
    const keys: Parameters<typeof startReceiver>[0] = {};
    const receiver = await startReceiver(keys);
    const heard: Heard = {};
    let app: App | undefined;
    try {
      const child = await startChildGateway(home, { WAFFO_CRASH_AT: `${victim}@${point}` });
      keys.privateKey = parsePrivateKey(child.sandbox.merchantPrivateKey);
      await story(child.sandbox, receiver.url, heard, 10_000);
      // Time for the deliveries' own points.
      await Promise.race([child.gone, sleep(1_500)]);
      if (victim === 'database') await child.stop();
      else expect(await child.gone).toBe('SIGKILL');
      expect(child.output().includes('crash point reached')).toBe(true);

      const clock = new VirtualClock(new Date());
      app = await startApp(configFrom({ WAFFO_HOME: home, WAFFO_PORT: '0', WAFFO_LOG_LEVEL: 'error' }), { clock });
      await passTime(app, clock, 10 * 60_000);
      const before = structuredClone(heard);
      await story(sandboxOf(app), receiver.url, heard, 20_000);
      await passTime(app, clock, 10 * 60_000);
      await expectInvariants(app, receiver, before, heard);
    } finally {
      await app?.stop();
      await receiver.stop();
      await rm(home, { recursive: true, force: true });
    }
  }, 90_000);
});

/** Generate, submit, wait for the token, pay; each step until it is answered, or until nobody answers any more. */
async function story(as: SandboxMerchant, notifyUrl: string, heard: Heard, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  const call = patientCaller(as, until);
  const merchantInfo = { merchantId: as.merchantId };
  const opened = await call('/tokenization/generate', {
    ...ids,
    paymentRequestId: undefined,
    merchantInfo,
    merchantUserId: 'u',
    tokenType: 'CARD',
    notifyUrl,
  });
  if (opened === undefined) return;
  const { tokenSessionId } = opened.data;
  heard.tokenSessionId = tokenSessionId;
  sealed[tokenSessionId] ??= await seal(tokenSessionId, testCard);
  const submitted = await call('/tokenization/submit', { tokenSessionId, encryptedCard: sealed[tokenSessionId] });
  if (submitted === undefined) return;
  if (submitted.code === '0') heard.bound = true;
  const listed = await call('/tokenization/inquiry', { merchantInfo, tokenRequestId: ids.tokenRequestId });
  const tokenId = listed?.data?.[0]?.tokenId;
  if (tokenId === undefined) return;
  heard.tokenId = tokenId;
  const created = await call('/order/create', orderBody(merchantInfo, tokenId, notifyUrl));
  if (created?.code === '0') heard.order = created.data;
}

/** The browser repeats the very same bytes. */
const sealed: Record<string, string> = {};

const orderBody = (merchantInfo: object, tokenId: string, notifyUrl: string) => ({
  paymentRequestId: ids.paymentRequestId,
  merchantOrderId: 'mo_crash',
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: '2026-11-23T12:00:00.000Z',
  merchantInfo,
  userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  tokenId,
  notifyUrl,
});

// biome-ignore lint/suspicious/noExplicitAny: answers of several operations
type Loose = any;

async function expectInvariants(
  app: App,
  receiver: Awaited<ReturnType<typeof startReceiver>>,
  before: Heard,
  heard: Heard,
) {
  const rows = async (text: string) => app.gateway.database.rows<Loose>({ name: `test/${text.slice(0, 40)}`, text });
  const tokens = await rows('select token_id, status from token');
  const sessions = await rows('select status from tokenization_session');
  const charges = await rows(
    `select reference from sandbox_transaction where verb = 'purchase' and outcome->>'kind' = 'approved'`,
  );
  const orders = await rows('select acquiring_order_id, status from payment_order');
  const stuck = await rows(`select attempt_id from payment_attempt where status in ('SENDING', 'UNKNOWN')`);

  expect(stuck).toEqual([]);
  expect(sessions).toHaveLength(1);
  expect(['BOUND', 'FAILED']).toContain(sessions[0].status);
  expect(tokens).toHaveLength(sessions[0].status === 'BOUND' ? 1 : 0);
  if (before.bound) expect(tokens).toHaveLength(1);
  if (before.tokenId) expect(tokens[0].token_id).toBe(before.tokenId);
  if (before.order)
    expect(orders[0]).toEqual({ acquiring_order_id: before.order.acquiringOrderId, status: before.order.orderStatus });
  if (tokens.length === 1) {
    expect(heard.order?.orderStatus).toMatch(/^(PAY_SUCCESS|ORDER_CLOSE)$/);
    expect(orders).toHaveLength(1);
    expect(charges).toHaveLength(orders[0].status === 'PAY_SUCCESS' ? 1 : 0);
  }

  const told = receiver.received.map(({ headers, event }) => ({ id: headers['webhook-id'], ...event }));
  const tokenEvents = told.filter(({ eventType }) => eventType === 'TOKENIZATION_NOTIFICATION');
  const firstStatus = sessions[0].status === 'BOUND' ? 'UNVERIFIED' : 'FAILED';
  expect(new Set(tokenEvents.filter(({ result }) => result.tokenStatus === firstStatus).map(({ id }) => id)).size).toBe(
    1,
  );
  const paymentEvents = told.filter(({ eventType }) => eventType === 'PAYMENT_NOTIFICATION');
  expect(new Set(paymentEvents.map(({ id }) => id)).size).toBe(orders.length);
  for (const { result } of paymentEvents) expect(result.orderStatus).toBe(orders[0].status);
}
