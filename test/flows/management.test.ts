/** The management page: whoever has its link sees one subscription, changes its card, and ends it; nobody else does. */
import { seal } from '@waffo/protocol/envelope/seal';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { advanceClock } from '../../packages/gateway/src/job/travel.ts';
import { chargesSeen, leftoversOf } from '../kit/charges.ts';
import { cardSessionIn } from '../kit/checkout.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';
import { subscriptionOf } from '../kit/subscription.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const hour = 3_600_000;
const challenged = '4000000000001000';
let user: string;
beforeEach(() => {
  user = freshId('user');
});

interface Kept {
  readonly id: string;
  readonly tokenId: string;
  readonly url: string;
}

const manage = async (subscriptionId: string) => (await gateway.call('/subscription/manage', { subscriptionId })).data;
const inquire = async (subscriptionId: string) =>
  (await gateway.call('/subscription/inquiry', { subscriptionId, paymentDetails: 1 })).data;
const paymentsOf = async (id: string) =>
  (await inquire(id)).paymentDetails.map(
    ({ period, orderStatus }: Record<string, string>) => `${period} ${orderStatus}`,
  );
const cardOf = async (id: string) => JSON.parse((await inquire(id)).paymentInfo.payMethodProperties).cardToken;

/** A subscription that is ACTIVE, and its page. */
async function managed(fields: object = {}, card: object = {}): Promise<Kept> {
  const tokenId = await gateway.bind(card, user);
  const userInfo = { userId: user, userEmail: 'ada@example.com', userTerminal: 'WEB' };
  const { data, raw } = await gateway.call(
    '/subscription/create',
    subscriptionOf(gateway, { tokenId, userInfo, ...fields }),
  );
  if (data?.subscriptionStatus !== 'ACTIVE') throw new Error(`not active: ${raw}`);
  const { managementUrl } = await manage(data.subscriptionId);
  return { id: data.subscriptionId, tokenId, url: managementUrl };
}

const press = (url: string, action: string) => newShopper().post(url, { action });
const toldOf = (id: string) =>
  gateway.receiver.received
    .map(({ event }) => event)
    .filter(({ result }) => id === (result.subscriptionInfo ?? result).subscriptionId)
    .map(({ eventType, result }) =>
      eventType === 'PAYMENT_NOTIFICATION'
        ? `PAYMENT ${result.orderStatus}`
        : `${eventType.split('_')[1]} ${result.subscriptionStatus}`,
    );

describe('the link', () => {
  test('is a day old at most, names the sandbox, and shows the plan, the card and what was paid', async () => {
    const { id } = await managed();
    const data = await manage(id);
    expect(data).toMatchObject({
      subscriptionId: id,
      subscriptionStatus: 'ACTIVE',
      merchantSubscriptionId: 'PLAN_TEA',
    });
    expect(Date.parse(data.expiredAt) - gateway.clock.now().getTime()).toBe(24 * hour);
    expect(new URL(data.managementUrl).searchParams.get('mock')).toBe('true');
    const page = await newShopper().visit(data.managementUrl);
    expect(page.text).toMatch(/HKD.100\.00 every month/);
    expect(page.text).toContain('Tea of the month');
    expect(page.text).toContain('•••• 1111');
    expect(page.text).toContain('Billing History');
    expect(page.text).toContain('Simulate next payment succeeded');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('opens nothing when it is forged, of another subscription, or a day old', async () => {
    const [first, second] = [await managed(), await managed()];
    const secret = new URL(first.url).pathname.split('/').at(-1) ?? '';
    const forged = first.url.replace(secret, `${secret.slice(0, -2)}AA`);
    for (const url of [forged, `${gateway.url}/subscription/${second.id}/${secret}`]) {
      expect((await newShopper().visit(url)).status, url).toBe(404);
      expect((await press(url, 'cancel-confirmed')).status).toBe(404);
    }
    await gateway.travel(24 * hour);
    expect((await newShopper().visit(first.url)).status).toBe(404);
    expect((await press(first.url, 'cancel-confirmed')).status).toBe(404);
    expect(await inquire(first.id)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
  });

  test('does nothing for a form that stands on another site', async () => {
    const { id, url } = await managed();
    const elsewhere = newShopper({ 'sec-fetch-site': 'cross-site' });
    expect((await elsewhere.post(url, { action: 'cancel-confirmed' })).status).toBe(404);
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
  });
});

describe('the shopper', () => {
  test('is asked before he ends it; then nothing more is charged, and the merchant is told who did it', async () => {
    const { id, url } = await managed();
    expect((await press(url, 'cancel')).text).toContain('Do you want to end this subscription?');
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    const page = await press(url, 'cancel-confirmed');
    expect(page.text).toContain('Cancelled');
    expect(page.text).not.toContain('Simulate next payment');
    await press(url, 'cancel-confirmed');
    await gateway.settle();
    expect(toldOf(id)).toEqual(['PAYMENT PAY_SUCCESS', 'STATUS ACTIVE', 'STATUS USER_CANCELLED']);
    await press(url, 'simulate-success');
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS']);
    expect(await gateway.call('/subscription/cancel', { subscriptionId: id })).toMatchObject({ code: 'A0016' });
  });

  /** Presses "Change card", and gives one. */
  async function change(url: string, pan: string) {
    const shopper = newShopper();
    const form = await shopper.post(url, { action: 'change-card' });
    const address = /<form[^>]*action="([^"]+)" id="card"/.exec(form.text)?.[1] ?? '';
    const sessionId = cardSessionIn(form.text);
    const encryptedCard = await seal(sessionId, { ...testCard, pan });
    const page = await shopper.post(`${gateway.url}${address}`, { action: 'card', encryptedCard });
    const question = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    return {
      page,
      shopper,
      answer: (code: string) => shopper.post(question, { challengeDataEntry: code, action: 'submit' }),
    };
  }

  test('changes the card: his bank asks, and the next period is charged to the new one', async () => {
    const { id, tokenId, url } = await managed();
    const { page, answer } = await change(url, '4576750000000110');
    expect(page.text).toContain('name="challengeDataEntry"');
    expect(await cardOf(id)).toBe(tokenId);
    await answer('1234');
    await gateway.settle();
    const changed = await cardOf(id);
    expect(changed).not.toBe(tokenId);
    expect((await newShopper().visit(url)).text).toContain('•••• 0110');
    const bound = gateway.receiver.events('TOKENIZATION_NOTIFICATION').map(({ result }) => result);
    expect(bound.find((result) => result.tokenId === changed)).toMatchObject({
      tokenStatus: 'VERIFIED',
      merchantUserId: user,
    });
    await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by: '31d' }, gateway.app.gateway);
    await gateway.settle();
    const [, { acquiringOrderId }] = (await inquire(id)).paymentDetails;
    const order = (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
    expect(order).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
    expect(order.paymentInfo.payMethodProperties).toContain(changed);
    expect(await leftoversOf(gateway)).toEqual([]);
    await gateway.call('/subscription/cancel', { subscriptionId: id });
  });

  test('keeps the old card when he fails at his bank, and when it declines the new one', async () => {
    const { id, tokenId, url } = await managed();
    const { answer } = await change(url, challenged);
    for (const code of ['0000', '0000', '0000']) await answer(code);
    expect(await cardOf(id)).toBe(tokenId);
    await (await change(url, '4576750000000220')).answer('1234');
    expect(await cardOf(id)).toBe(tokenId);
    expect(await leftoversOf(gateway)).toEqual([]);
  });

  test('is told what is wrong with a card, and may try again', async () => {
    const { id, tokenId, url } = await managed();
    const { page } = await change(url, '9999999999999995');
    expect(page.status).toBe(422);
    expect(page.text).toContain('role="alert"');
    expect(page.text).toContain('data-session="');
    expect(await cardOf(id)).toBe(tokenId);
  });

  test('takes a card that he saved and verified; not one of somebody else', async () => {
    const { id, url } = await managed();
    const other = await gateway.bind({ pan: '4000000000001091' }, user);
    const shopper = newShopper();
    const form = await shopper.post(url, { action: 'change-card' });
    const address = /<form[^>]*action="([^"]+)" id="card"/.exec(form.text)?.[1] ?? '';
    const reference = /name="savedCard" value="([^"]+)"/.exec(form.text)?.[1] ?? '';
    expect(form.text).not.toContain(other);
    const forged = await shopper.post(`${gateway.url}${address}`, { action: 'saved', savedCard: `${reference}x` });
    expect(forged.status).toBe(422);
    await shopper.post(`${gateway.url}${address}`, { action: 'saved', savedCard: reference });
    expect(await cardOf(id)).toBe(other);
  });
});

describe('the sandbox plays the next payment', () => {
  test('one click is one period, and it may be clicked again', async () => {
    const { id, url } = await managed({}, { pan: '4111111111111111' });
    await press(url, 'simulate-success');
    await press(url, 'simulate-success');
    await press(url, 'simulate-failure');
    await press(url, 'simulate-success');
    await gateway.settle();
    expect(await paymentsOf(id)).toEqual([
      '1 PAY_SUCCESS',
      '2 PAY_SUCCESS',
      '3 PAY_SUCCESS',
      '4 ORDER_CLOSE',
      '5 PAY_SUCCESS',
    ]);
    expect(toldOf(id).slice(2)).toEqual([
      'PAYMENT PAY_SUCCESS',
      'PERIOD ACTIVE',
      'PAYMENT PAY_SUCCESS',
      'PERIOD ACTIVE',
      'PAYMENT ORDER_CLOSE',
      'PERIOD ACTIVE',
      'PAYMENT PAY_SUCCESS',
      'PERIOD ACTIVE',
    ]);
    expect((await inquire(id)).productInfo).toMatchObject({ currentPeriod: '5' });
  });

  test('who clicks twice at once pays one period or two, and none twice', async () => {
    const { id, url } = await managed();
    const seen = await chargesSeen(gateway, async () => {
      await Promise.all([1, 2, 3, 4].map(() => press(url, 'simulate-success')));
    });
    const payments = await paymentsOf(id);
    expect(new Set(payments).size).toBe(payments.length);
    expect(seen).toHaveLength(payments.length - 1);
  });

  test('a period that was played is not charged again on its day', async () => {
    const { id, url } = await managed();
    await press(url, 'simulate-success');
    await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by: '31d' }, gateway.app.gateway);
    await gateway.settle();
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS', '2 PAY_SUCCESS']);
    await gateway.call('/subscription/cancel', { subscriptionId: id });
  });

  test('no button is left when the last period runs', async () => {
    const productInfo = { description: 'Tea', periodType: 'MONTHLY', periodInterval: '1', numberOfPeriod: '2' };
    const { id, url } = await managed({ productInfo });
    expect((await press(url, 'simulate-success')).text).not.toContain('Simulate next payment');
    await press(url, 'simulate-success');
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS', '2 PAY_SUCCESS']);
  });
});
