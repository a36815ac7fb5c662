/**
 * Power cuts while money moves: at each point of the road of a charge, a capture and a refund the gateway, the database
 * server or both die at once. After the next start everything ends by itself, and nothing has happened twice.
 */
import { rm } from 'node:fs/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { type App, startApp } from '../../../packages/gateway/src/app.ts';
import { VirtualClock } from '../../../packages/gateway/src/clock.ts';
import { configFrom } from '../../../packages/gateway/src/config.ts';
import { type CrashPoint, crashPoints } from '../../../packages/gateway/src/crash-point.ts';
import type { SandboxMerchant } from '../../../packages/gateway/src/merchant/sandbox-home.ts';
import { startChildGateway } from '../../kit/child-gateway.ts';
import { sandboxOf } from '../../kit/gateway.ts';
import { layHome } from '../../kit/laid-home.ts';
import { faultsOfLedger } from '../../kit/ledger.ts';
import { passTime, patientCaller } from '../../kit/patience.ts';
import { type Receiver, startReceiver } from '../../kit/receiver.ts';

const points = crashPoints.filter((point) => point.startsWith('payment/'));
const stories = (['purchase', 'capture', 'refund'] as const).flatMap((act) =>
  (['gateway', 'database', 'both'] as const).map((victim) => ({ act, victim })),
);
type Act = (typeof stories)[number]['act'];

const merchantOf = ({ merchantId }: SandboxMerchant) => ({ merchantId });
const now = '2026-11-23T12:00:00.000Z';
const nameOf = (point: CrashPoint) => point.replace('payment/', '');

describe.concurrent.each(stories)('$victim killed while a $act is made', ({ act, victim }) => {
  test('at each point of its road: no duplicate, nothing stuck, one notification for each end', async () => {
    const home = await layHome('waffo-crash-');
    const keys: Parameters<typeof startReceiver>[0] = {};
    const receiver = await startReceiver(keys);
    let app: App | undefined;
    try {
      for (const point of points) {
        const child = await startChildGateway(home, { WAFFO_CRASH_AT: `${victim}@${point}:${act}` });
        keys.privateKey = parsePrivateKey(child.sandbox.pci.merchantPrivateKey);
        await story(act, nameOf(point), child.sandbox.pci, receiver.url, 10_000);
        if (victim === 'database') await child.stop();
        else expect(await child.gone).toBe('SIGKILL');
        expect(child.output()).toContain('crash point reached');
      }
      const clock = new VirtualClock(new Date());
      app = await startApp(configFrom({ WAFFO_HOME: home, WAFFO_PORT: '0', WAFFO_LOG_LEVEL: 'error' }), { clock });
      await passTime(app, clock, 10 * 60_000);
      for (const point of points) await story(act, nameOf(point), sandboxOf(app).pci, receiver.url, 20_000);
      await passTime(app, clock, 10 * 60_000);
      await expectInvariants(act, app, receiver);
    } finally {
      await app?.stop();
      await receiver.stop();
      await rm(home, { recursive: true, force: true });
    }
  }, 120_000);
});

/** An order, and what the act adds to it; each call until it is answered, or until nobody answers any more. */
async function story(act: Act, name: string, as: SandboxMerchant, notifyUrl: string, limitMs: number): Promise<void> {
  const call = patientCaller(as, Date.now() + limitMs);
  const created = await call('/order/create', orderBody(act, name, as, notifyUrl));
  const acquiringOrderId = created?.data?.acquiringOrderId;
  if (acquiringOrderId === undefined) return;
  const common = { ...merchantOf(as), acquiringOrderId };
  if (act === 'capture') await call('/order/capture', { ...common, captureRequestedAt: now, captureAmount: '60.00' });
  if (act === 'refund') {
    const refund = { refundRequestId: `ref_${name}`, refundAmount: '40.00', refundReason: 'crash' };
    await call('/order/refund', { ...common, ...refund, requestedAt: now, refundNotifyUrl: notifyUrl });
  }
}

const orderBody = (act: Act, name: string, as: SandboxMerchant, notifyUrl: string) => ({
  paymentRequestId: `pay_${name}`,
  merchantOrderId: `mo_${name}`,
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: now,
  merchantInfo: merchantOf(as),
  userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB', userBrowserIp: '::1', userAgent: 'a' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT', ...(act === 'capture' && { captureMode: 'manualCapture' }) },
  cardInfo: {
    cardNumber: '4111111111111111',
    cardExpiryYear: 2030,
    cardExpiryMonth: 12,
    cardCvv: '123',
    cardHolderName: 'Ada Lovelace',
  },
  notifyUrl,
});

async function expectInvariants(act: Act, { gateway: { database } }: App, receiver: Receiver): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: rows of several tables
  const rows = async (text: string) => database.rows<any>({ name: `test/${text.slice(0, 50)}`, text });
  const orders = await rows('select acquiring_order_id as id, payment_request_id, status from payment_order');
  const refunds = await rows('select refund_request_id as id, status from payment_refund');
  expect(await rows(`select attempt_id from payment_attempt where status in ('SENDING', 'UNKNOWN')`)).toEqual([]);
  expect(await faultsOfLedger(database)).toEqual([]);
  expect(orders).toHaveLength(points.length);
  // An order whose charge never arrived is closed; whatever followed a paid one was done, once.
  for (const { status } of orders)
    expect(status).toMatch(act === 'purchase' ? /PAY_SUCCESS|ORDER_CLOSE/ : /PAY_SUCCESS/);
  expect(refunds).toHaveLength(act === 'refund' ? points.length : 0);
  for (const { status } of refunds) expect(status).toMatch(/ORDER_PARTIALLY_REFUNDED|ORDER_REFUND_FAILED/);
  const twice = await rows(
    `select a.subject_id, s.verb from sandbox_transaction s join payment_attempt a on a.attempt_id::text = s.reference
     where s.outcome->>'kind' = 'approved' group by 1, 2 having count(*) > 1`,
  );
  expect(twice).toEqual([]);
  for (const { id } of [...orders, ...refunds]) {
    const told = receiver.received.filter(({ event }) =>
      [
        event.result.refundRequestId,
        event.result.refundRequestId === undefined && event.result.acquiringOrderId,
      ].includes(id),
    );
    expect(new Set(told.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  }
}
