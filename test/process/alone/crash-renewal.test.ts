/**
 * Power cuts while a renewal is charged: at each point of its road the gateway dies, alone or with the database server. After the
 * next start every period has one end, none is paid twice and none is left out.
 */
import { rm } from 'node:fs/promises';
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
import { faultsOfLedger } from '../../kit/ledger.ts';
import { passTime, patientCaller } from '../../kit/patience.ts';
import { type Receiver, startReceiver } from '../../kit/receiver.ts';

const points = crashPoints.filter((point) => point.startsWith('payment/'));

describe.concurrent.each(['gateway', 'both'])('%s killed while a renewal is charged', (victim) => {
  test('at each point of its road: each period once, one notification for each end', async () => {
    const home = await layHome('waffo-renewal-');
    const keys: Parameters<typeof startReceiver>[0] = {};
    const receiver = await startReceiver(keys);
    const clock = new VirtualClock(new Date());
    let app: App | undefined;
    const restart = async () => {
      await app?.stop();
      app = await startApp(configFrom({ WAFFO_HOME: home, WAFFO_PORT: '0', WAFFO_LOG_LEVEL: 'error' }), { clock });
      return app;
    };
    try {
      const first = await restart();
      keys.privateKey = parsePrivateKey(sandboxOf(first).pci.merchantPrivateKey);
      await subscribe(sandboxOf(first).pci, receiver.url);
      for (const point of points) {
        // Whatever became of the last one is known by now; the next one is due as soon as somebody looks.
        const running = await restart();
        await passTime(running, clock, 10 * 60_000);
        await letNextFallDue(running);
        await running.stop();
        app = undefined;
        const child = await startChildGateway(home, { WAFFO_CRASH_AT: `${victim}@${point}:purchase` });
        expect(await child.gone).toBe('SIGKILL');
        expect(child.output()).toContain('crash point reached');
      }
      const last = await restart();
      await passTime(last, clock, 10 * 60_000);
      await expectInvariants(last, receiver);
    } finally {
      await app?.stop();
      await receiver.stop();
      await rm(home, { recursive: true, force: true });
    }
  }, 120_000);
});

async function subscribe(as: SandboxMerchant, notifyUrl: string): Promise<void> {
  const call = patientCaller(as, Date.now() + 10_000);
  const answer = await call('/subscription/create', {
    subscriptionRequest: 'sub_1',
    merchantSubscriptionId: 'PLAN_TEA',
    currency: 'HKD',
    amount: '100.00',
    requestedAt: new Date().toISOString(),
    notifyUrl,
    merchantInfo: { merchantId: as.merchantId },
    userInfo: { userId: 'u', userEmail: 'u@example.com', userBrowserIp: '::1', userAgent: 'a' },
    productInfo: { description: 'Tea', periodType: 'MONTHLY', periodInterval: '1' },
    paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD' },
    cardInfo: {
      cardNumber: '4111111111111111',
      cardExpiryYear: 2099,
      cardExpiryMonth: 12,
      cardCvv: '123',
      cardHolderName: 'Ada Lovelace',
    },
  });
  expect(answer).toMatchObject({ data: { subscriptionStatus: 'ACTIVE' } });
}

// biome-ignore lint/suspicious/noExplicitAny: rows of several tables
const rows = ({ gateway: { database } }: App, text: string): Promise<any[]> =>
  database.rows({ name: `test/${text.slice(0, 50)}`, text });

async function letNextFallDue(app: App): Promise<void> {
  const due = await rows(
    app,
    `update job set due_at = now() - interval '1 minute' where kind = 'subscription/renew' returning job_id`,
  );
  expect(due).toHaveLength(1);
}

async function expectInvariants(app: App, receiver: Receiver): Promise<void> {
  const periods = await rows(app, 'select period, status, tries from subscription_period order by period');
  const charges = await rows(
    app,
    `select c.period, c.try, o.status, o.acquiring_order_id as id,
       (select count(*)::int from payment_attempt a join sandbox_transaction s on s.reference = a.attempt_id::text
        where a.subject_id = o.acquiring_order_id and s.outcome->>'kind' = 'approved') as taken
     from subscription_charge c join payment_order o using (merchant_id, acquiring_order_id) order by 1, 2`,
  );
  expect(await rows(app, `select attempt_id from payment_attempt where status in ('SENDING', 'UNKNOWN')`)).toEqual([]);
  expect(await faultsOfLedger(app.gateway.database)).toEqual([]);
  expect(periods.map(({ period }) => period)).toEqual(periods.map((_, at) => at + 1));
  // Before the intent nothing was written: the same renewal is done by whoever comes next.
  expect(periods.length).toBeGreaterThan(points.length - 1);
  for (const { period, status } of periods) {
    const own = charges.filter((charge) => charge.period === period);
    const taken = own.reduce((sum, charge) => sum + charge.taken, 0);
    expect([period, status, taken]).toEqual([period, taken === 1 ? 'PAID' : status, taken]);
    expect(status === 'PAID' ? taken : 0).toBe(taken);
    expect(taken).toBeLessThanOrEqual(1);
  }
  for (const { id, status } of charges) {
    expect(status).toMatch(/PAY_SUCCESS|ORDER_CLOSE/);
    const told = receiver.received.filter(({ event }) => event.result.acquiringOrderId === id);
    expect(new Set(told.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  }
  for (const { period } of periods.filter(({ status }) => status === 'PAID')) {
    const told = receiver.received.filter(
      ({ event }) =>
        event.eventType ===
          (period === 1 ? 'SUBSCRIPTION_STATUS_NOTIFICATION' : 'SUBSCRIPTION_PERIOD_CHANGED_NOTIFICATION') &&
        event.result.productInfo.currentPeriod === String(period),
    );
    expect([period, new Set(told.map(({ headers }) => headers['webhook-id'])).size]).toEqual([period, 1]);
  }
}
