/** One subscription takes the place of another: paid once, less what is left, and never both charged for one time. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { advanceClock } from '../../packages/gateway/src/job/travel.ts';
import { findMerchant } from '../../packages/gateway/src/merchant/find.ts';
import type { Database, Sql } from '../../packages/gateway/src/storage/database.ts';
import { change as changeSubscription } from '../../packages/gateway/src/subscription/change.ts';
import { chargesSeen } from '../kit/charges.ts';
import { payByCard } from '../kit/checkout.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';
import { changeOf as changeBody, productFor, subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await sql('delete from merchant_clock');
  await sql('delete from job');
});

const sql = (text: string, values: unknown[] = []) =>
  gateway.database.rows<Record<string, unknown>>({ name: `test/${text.slice(0, 50)}`, text }, values);
const challenged = '4000000000001000';
const yearly = { description: 'Teas', periodType: 'MONTHLY', periodInterval: '12' };

interface Running {
  readonly id: string;
  readonly request: string;
  readonly tokenId: string;
}

async function running(fields: object = {}, card: object = {}): Promise<Running> {
  const tokenId = await gateway.bind(card, freshId('user'));
  const { data, raw } = await gateway.call('/subscription/create', subscriptionOf(gateway, { tokenId, ...fields }));
  if (data?.subscriptionStatus !== 'ACTIVE') throw new Error(`not active: ${raw}`);
  return { id: data.subscriptionId, request: data.subscriptionRequest, tokenId };
}

const changeOf = ({ request }: Running, amount: string, remainingAmount: string, fields: object = {}) =>
  changeBody(gateway, request, { remainingAmount, productInfoList: [productFor(amount)], ...fields });
const change = (body: object) => gateway.call('/subscription/change', body);
const inquire = async (subscriptionId: string) =>
  (await gateway.call('/subscription/inquiry', { subscriptionId, paymentDetails: 1 })).data;
const changeInquiry = ({ originSubscriptionRequest, subscriptionRequest }: Record<string, unknown>) =>
  gateway.call('/subscription/change/inquiry', { originSubscriptionRequest, subscriptionRequest });
/** In months from its beginning. */
async function expectNextPayment(subscriptionId: string, months: number): Promise<void> {
  const { startDateTime, nextPaymentDateTime } = (await inquire(subscriptionId)).productInfo;
  const due = new Date(startDateTime);
  due.setUTCMonth(due.getUTCMonth() + months);
  expect(nextPaymentDateTime).toBe(due.toISOString());
}
const statusOf = async (id: string) => (await inquire(id)).subscriptionStatus;
const paymentsOf = async (id: string) =>
  (await inquire(id)).paymentDetails.map(
    ({ period, orderStatus, orderAmount }: Record<string, string>) => `${period} ${orderStatus} ${orderAmount}`,
  );
const advance = async (by: string) => {
  await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by }, gateway.app.gateway);
  await gateway.settle();
};
const toldOf = (ids: readonly string[]) =>
  gateway.receiver.received
    .map(({ event }) => event)
    .filter(({ result }) => ids.includes((result.subscriptionInfo ?? result).subscriptionId))
    .map(
      ({ eventType, result }) =>
        `${ids.indexOf((result.subscriptionInfo ?? result).subscriptionId)} ${eventType.replace('SUBSCRIPTION_', '').split('_')[0]} ${
          result.orderStatus ?? result.subscriptionChangeStatus ?? result.subscriptionStatus
        }`,
    );

describe('a change', () => {
  test('charges the difference, begins the new one and ends the old one; the merchant is told of each', async () => {
    const old = await running();
    const body = changeOf(old, '180.00', '40.00');
    const seen = await chargesSeen(gateway, async () => {
      const { data } = await change(body);
      expect(data).toMatchObject({
        subscriptionChangeStatus: 'SUCCESS',
        subscriptionRequest: body.subscriptionRequest,
      });
      expect((await change(body)).data).toEqual(data);
    });
    expect(seen).toMatchObject([{ initiator: 'CIT' }]);
    const { data: record } = await changeInquiry(body);
    expect(record).toMatchObject({
      originSubscriptionRequest: old.request,
      merchantSubscriptionId: 'PLAN_TEA',
      subscriptionChangeStatus: 'SUCCESS',
      remainingAmount: '40.00',
      productInfoList: body.productInfoList,
    });
    const heir: string = record.subscriptionId;
    expect([await statusOf(old.id), await statusOf(heir)]).toEqual(['MERCHANT_CANCELLED', 'ACTIVE']);
    expect(await paymentsOf(heir)).toEqual(['1 PAY_SUCCESS 140.00']);
    await gateway.settle();
    expect(toldOf([old.id, heir]).filter((line) => line.startsWith('1'))).toEqual([
      '1 PAYMENT PAY_SUCCESS',
      '1 CHANGE SUCCESS',
      '1 STATUS ACTIVE',
    ]);
    expect(toldOf([old.id, heir])).toContain('0 STATUS MERCHANT_CANCELLED');
    const result = gateway.receiver.events('SUBSCRIPTION_CHANGE_NOTIFICATION').at(-1)?.result;
    expect(result).toEqual(record);
    await advance('62d');
    expect(await paymentsOf(heir)).toEqual(['1 PAY_SUCCESS 140.00', '2 PAY_SUCCESS 180.00', '3 PAY_SUCCESS 180.00']);
    expect(await paymentsOf(old.id)).toEqual(['1 PAY_SUCCESS 100.00']);
    expect((await changeInquiry(body)).data).toMatchObject({ subscriptionChangeStatus: 'SUCCESS' });
  });

  test('charges nothing now when more is left than a period costs, and takes the rest off the next ones', async () => {
    const old = await running({ amount: '1000.00', productInfo: yearly });
    const { data } = await change(changeOf(old, '300.00', '700.00'));
    expect(data).toMatchObject({ subscriptionChangeStatus: 'SUCCESS' });
    expect(await paymentsOf(data.subscriptionId)).toEqual([]);
    // The credit pays two whole periods and a part of the third, whose beginning is when a card is charged next.
    await expectNextPayment(data.subscriptionId, 2);
    await advance('93d');
    expect(await paymentsOf(data.subscriptionId)).toEqual(['3 PAY_SUCCESS 200.00', '4 PAY_SUCCESS 300.00']);
  });

  test('leaves a credit that a new price uses up at its own pace: no period ever costs more than its price', async () => {
    const old = await running({ amount: '1000.00', productInfo: yearly });
    const { subscriptionId } = (await change(changeOf(old, '300.00', '700.00'))).data;
    // 400.00 are left behind the first period.
    expect(await gateway.call('/subscription/update', { subscriptionId, amount: '150.00' })).toMatchObject({
      code: '0',
    });
    await expectNextPayment(subscriptionId, 3);
    await advance('93d');
    expect(await paymentsOf(subscriptionId)).toEqual(['4 PAY_SUCCESS 50.00']);
    expect(await gateway.call('/subscription/update', { subscriptionId, amount: '160.00' })).toMatchObject({
      code: '0',
    });
    await advance('31d');
    expect(await paymentsOf(subscriptionId)).toEqual(['4 PAY_SUCCESS 50.00', '5 PAY_SUCCESS 160.00']);
  });

  test('that is declined leaves the old one as it was', async () => {
    const old = await running();
    await sql(`update token set card_id = (select card_id from token where token_id = $2) where token_id = $1`, [
      old.tokenId,
      await gateway.bind({ pan: '4000000000000341' }, freshId('user')),
    ]);
    const body = changeOf(old, '180.00', '0');
    const { data } = await change(body);
    expect(data).toMatchObject({ subscriptionChangeStatus: 'CLOSED' });
    expect([await statusOf(old.id), await statusOf(data.subscriptionId)]).toEqual(['ACTIVE', 'CLOSE']);
    await gateway.settle();
    expect(toldOf([old.id, data.subscriptionId]).filter((line) => line.startsWith('1'))).toEqual([
      '1 PAYMENT ORDER_CLOSE',
      '1 CHANGE CLOSED',
      '1 STATUS CLOSE',
    ]);
    expect((await inquire(old.id)).productInfo).toMatchObject({ nextPaymentDateTime: '2026-12-23T12:00:00.000Z' });
  });
});

describe('while the shopper is asked', () => {
  interface Waiting {
    readonly old: Running;
    readonly body: ReturnType<typeof changeOf>;
    readonly heir: string;
    /** Passes, or fails three times. */
    readonly answer: (code: string) => Promise<void>;
  }

  async function code(shopper: ReturnType<typeof newShopper>, text: string): Promise<void> {
    const address = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    for (let tries = 0; tries < (text === '1234' ? 1 : 3); tries++) {
      await shopper.post(address, { challengeDataEntry: text, action: 'submit' });
    }
  }

  /** A change that waits, of a subscription that was begun with a card that is always asked about. */
  async function waiting(): Promise<Waiting> {
    const userInfo = { userId: freshId('user'), userEmail: 'ada@example.com' };
    const { data } = await gateway.call('/subscription/create', subscriptionOf(gateway, { userInfo }));
    const shopper = newShopper();
    const { webUrl: url } = JSON.parse(data.subscriptionAction);
    await payByCard({ url, acquiringOrderId: '' }, { pan: challenged }, {}, shopper);
    await code(shopper, '1234');
    const old = { id: data.subscriptionId, request: data.subscriptionRequest, tokenId: '' };
    expect(await statusOf(old.id)).toBe('ACTIVE');
    const body = changeOf(old, '180.00', '40.00');
    const asked = (await change(body)).data;
    expect(asked).toMatchObject({ subscriptionChangeStatus: 'AUTHORIZATION_REQUIRED' });
    const visitor = newShopper();
    await visitor.visit(JSON.parse(asked.subscriptionAction).webUrl);
    return { old, body, heir: asked.subscriptionId, answer: (text) => code(visitor, text) };
  }

  test('he passes: the difference is charged and the old one ends', async () => {
    const { old, body, heir, answer } = await waiting();
    expect((await changeInquiry(body)).data).toMatchObject({ subscriptionChangeStatus: 'AUTHORIZATION_REQUIRED' });
    expect(await statusOf(old.id)).toBe('ACTIVE');
    await answer('1234');
    expect([await statusOf(old.id), await statusOf(heir)]).toEqual(['MERCHANT_CANCELLED', 'ACTIVE']);
    expect(await paymentsOf(heir)).toEqual(['1 PAY_SUCCESS 140.00']);
  });

  test('a renewal that falls due waits: nobody pays the old one and the new one for one month', async () => {
    const { old, heir, answer } = await waiting();
    await sql(`update subscription set next_charge_at = $2 where subscription_id = $1`, [old.id, gateway.clock.now()]);
    await sql(`update job set due_at = now() - interval '1 day' where kind = 'subscription/renew'`);
    await gateway.settle();
    expect(await paymentsOf(old.id)).toHaveLength(1);
    await answer('1234');
    await gateway.settle();
    expect(await paymentsOf(old.id)).toHaveLength(1);
    expect(await paymentsOf(heir)).toEqual(['1 PAY_SUCCESS 140.00']);
  });

  test('and is charged after all when the change comes to nothing', async () => {
    const { old, body, answer } = await waiting();
    const fell = new Date(gateway.clock.now().getTime() - 32 * 24 * 3_600_000);
    await sql(`update subscription set anchor = $2, next_charge_at = $3 where subscription_id = $1`, [
      old.id,
      fell,
      gateway.clock.now(),
    ]);
    await sql(`update job set due_at = now() - interval '1 day' where kind = 'subscription/renew'`);
    await gateway.settle();
    await answer('0000');
    await gateway.settle();
    expect((await changeInquiry(body)).data).toMatchObject({ subscriptionChangeStatus: 'CLOSED' });
    expect(await paymentsOf(old.id)).toEqual(['1 PAY_SUCCESS 100.00', '2 PAY_SUCCESS 100.00']);
  });

  test('a second change is refused, and the first one given again is not', async () => {
    const { old, body, answer } = await waiting();
    expect(await change(changeOf(old, '50.00', '0'))).toMatchObject({ code: 'C0003' });
    const again = await change(body);
    expect(again.data).toMatchObject({ subscriptionChangeStatus: 'AUTHORIZATION_REQUIRED' });
    await answer('0000');
    expect(await statusOf(old.id)).toBe('ACTIVE');
    expect(await change(changeOf(old, '50.00', '50.00'))).toMatchObject({
      data: { subscriptionChangeStatus: 'SUCCESS' },
    });
  });

  test('he may end the old one meanwhile; the change goes on', async () => {
    const { old, heir, answer } = await waiting();
    await gateway.call('/subscription/cancel', { subscriptionId: old.id });
    await answer('1234');
    expect([await statusOf(old.id), await statusOf(heir)]).toEqual(['MERCHANT_CANCELLED', 'ACTIVE']);
  });
});

test('the same change asked for many times at once is one change and one charge', async () => {
  // Which twin meets the other where is left to chance, so they meet often.
  for (let round = 0; round < 12; round++) {
    const body = changeOf(await running(), '180.00', '40.00');
    const seen = await chargesSeen(gateway, async () => {
      const answers = await Promise.all([1, 2, 3, 4, 5].map(() => change(body)));
      expect(answers.map(({ raw }) => raw)).toEqual(answers.map(() => answers[0]?.raw));
    });
    expect(seen).toHaveLength(1);
  }
});

test('a twin that is through between any two reads of the slower request leaves it the same answer', async () => {
  const { gateway: inside } = gateway.app;
  const merchant = await findMerchant(inside, gateway.merchant.merchantId);
  if (merchant === undefined) throw new Error('no merchant');
  const { merchantId } = merchant;
  let overtakenAfter = 0;
  for (let wasOvertaken = true; wasOvertaken; ) {
    overtakenAfter++;
    const body = changeOf(await running(), '180.00', '40.00', { merchantInfo: { merchantId } });
    let reads = 0;
    let twin: Awaited<ReturnType<typeof change>> | undefined;
    const overtaken = Object.assign(Object.create(inside.database), {
      async rows(...asked: Parameters<Sql['rows']>) {
        const answered = await inside.database.rows(...asked);
        if (++reads === overtakenAfter) twin = await change(body);
        return answered;
      },
      // From its first write on, the slower one is the faster one.
      transaction(...work: Parameters<Database['transaction']>) {
        reads = Number.POSITIVE_INFINITY;
        return inside.database.transaction(...work);
      },
    });
    const caller = { door: 'merchant', merchant, requestId: 'slower' } as const;
    const slower = await changeSubscription({ ...inside, database: overtaken }, caller, body as never);
    wasOvertaken = twin !== undefined;
    const expected = wasOvertaken ? { subscriptionId: twin?.data.subscriptionId } : {};
    expect(slower).toMatchObject({ subscriptionChangeStatus: 'SUCCESS', ...expected });
  }
  expect(overtakenAfter).toBeGreaterThan(3);
});

test('two changes at once: one takes the place, and the other is refused', async () => {
  const old = await running();
  const bodies = [changeOf(old, '180.00', '40.00'), changeOf(old, '50.00', '0')];
  const answers = await Promise.all(bodies.map(change));
  expect(answers.map(({ code }) => code).sort()).toEqual(['0', 'C0003']);
  const [{ heirs } = {}] = await sql(
    `select count(*)::int as heirs from subscription where origin_id = $1 and status = 'ACTIVE'`,
    [old.id],
  );
  expect(heirs).toBe(1);
});

test('what does not fit is refused before anything is written', async () => {
  const old = await running();
  const several = { productInfoList: [1, 2].map(() => ({ ...yearly, amount: '10.00' })) };
  expect(await change(changeOf(old, '10.00', '0', several))).toMatchObject({ code: 'A0003' });
  expect(await change(changeOf(old, '10.00', '0', { currency: 'USD' }))).toMatchObject({ code: 'A0007' });
  expect(await change(changeOf({ ...old, request: 'nobody' }, '10.00', '0'))).toMatchObject({ code: 'A0009' });
  expect(await changeInquiry(changeOf(old, '10.00', '0'))).toMatchObject({ code: 'A0009' });
  expect(await statusOf(old.id)).toBe('ACTIVE');
});
