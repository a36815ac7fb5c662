/** Subscribing with a card that is no token yet: chosen at the checkout, or sent by a PCI-certified merchant. */
import { seal } from '@waffo/protocol/envelope/seal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { advanceClock } from '../../packages/gateway/src/job/travel.ts';
import { chargesSeen, leftoversOf } from '../kit/charges.ts';
import { type Checkout, cardSessionIn, payByCard } from '../kit/checkout.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';
import { subscriptionOf } from '../kit/subscription.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const challenged = '4000000000001000';
const sql = (text: string, values: unknown[] = []) =>
  gateway.database.rows<Record<string, unknown>>({ name: `test/${text.slice(0, 50)}`, text }, values);
const named = (userId: string) => ({ userInfo: { userId, userEmail: `${userId}@example.com` } });

type Door = 'merchant' | 'pci';
const create = (fields: object, door: Door = 'merchant') =>
  gateway.call('/subscription/create', subscriptionOf(gateway, fields), gateway[door]);
const inquire = async (subscriptionId: string, door: Door = 'merchant') =>
  (await gateway.call('/subscription/inquiry', { subscriptionId, paymentDetails: 1 }, gateway[door])).data;
const tokensOf = async (merchantUserId: string, door: Door = 'merchant') =>
  (await gateway.call('/tokenization/inquiry', { merchantUserId }, gateway[door])).data;
const cardsAtRest = async () => Number((await sql('select count(*)::int as cards from vault_card'))[0]?.cards);

interface Offered extends Checkout {
  readonly subscriptionId: string;
}

/** A subscription that waits for its shopper at the checkout. */
async function offer(fields: object = {}): Promise<Offered> {
  const { data, raw } = await create(fields);
  if (data?.subscriptionStatus !== 'AUTHORIZATION_REQUIRED') throw new Error(`not offered: ${raw}`);
  const { actionType, webUrl } = JSON.parse(data.subscriptionAction);
  expect(actionType).toBe('WEB');
  const acquiringOrderId = /\/checkout\/([^/]+)\//.exec(webUrl)?.[1] ?? '';
  return { subscriptionId: data.subscriptionId, acquiringOrderId, url: webUrl };
}

describe('at the checkout', () => {
  test('the page says what will be paid and how often, and the subscription begins with the card that was typed', async () => {
    const user = freshId('user');
    const offered = await offer(named(user));
    const page = (await newShopper().visit(offered.url)).text;
    expect(page).toMatch(/HKD.100\.00 every month/);
    expect(page).toMatch(/<button type="submit"[^>]*>Subscribe<\/button>/);
    expect((await payByCard(offered)).text).toContain('Subscription successful');
    await gateway.settle();
    const [token] = await tokensOf(user);
    expect(token).toMatchObject({ tokenStatus: 'VERIFIED', tokenRequestId: offered.acquiringOrderId });
    const record = await inquire(offered.subscriptionId);
    expect(record).toMatchObject({ subscriptionStatus: 'ACTIVE', paymentInfo: { payMethodName: 'CC_VISA' } });
    expect(record).not.toHaveProperty('subscriptionAction');
    expect(record.paymentInfo.payMethodProperties).toContain(token.tokenId);
    const told = gateway.receiver.received
      .map(({ event }) => event)
      .filter(({ result }) => offered.subscriptionId === (result.subscriptionInfo ?? result).subscriptionId);
    expect(told.map(({ eventType }) => eventType)).toEqual([
      'PAYMENT_NOTIFICATION',
      'SUBSCRIPTION_STATUS_NOTIFICATION',
    ]);

    const seen = await chargesSeen(gateway, async () => {
      await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by: '31d' }, gateway.app.gateway);
      await gateway.settle();
    });
    expect(seen).toMatchObject([{ initiator: 'MIT', networkTransactionId: expect.stringMatching(/./) }]);
    expect(seen[0]).not.toMatchObject({ cvv: testCard.cvv });
    await gateway.call('/subscription/cancel', { subscriptionId: offered.subscriptionId });
  });

  test('a card that is declined begins nothing, and no trace of it stays', async () => {
    const user = freshId('user');
    const before = await cardsAtRest();
    const offered = await offer(named(user));
    expect((await payByCard(offered, { pan: '4576750000000220' })).text).toContain('Payment Failed');
    expect(await inquire(offered.subscriptionId)).toMatchObject({ subscriptionStatus: 'CLOSE' });
    expect(await tokensOf(user)).toEqual([]);
    expect(await cardsAtRest()).toBe(before);
    expect(await leftoversOf(gateway)).toEqual([]);
  });

  test('a payment that nobody knows the outcome of still brings its card when it turns out to be paid', async () => {
    const user = freshId('user');
    const created = await create({ ...named(user), amount: '992.00' });
    expect(created).toMatchObject({ code: 'E0001' });
    const [row] = await sql(
      `select echo ->> 'webUrl' as url, subscription_id as id from subscription where echo -> 'userInfo' ->> 'userId' = $1`,
      [user],
    );
    const url = String(row?.url);
    const offered = { url, acquiringOrderId: url.split('/').at(-2) ?? '' };
    expect((await payByCard(offered)).text).toContain('Processing…');
    expect(await tokensOf(user)).toEqual([]);
    await gateway.travel(60_000);
    expect(await inquire(String(row?.id))).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(await tokensOf(user)).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
    expect(await leftoversOf(gateway)).toEqual([]);
    await gateway.call('/subscription/cancel', { subscriptionId: String(row?.id) });
  });

  test('a saved card pays it, and no second token is made', async () => {
    const user = freshId('user');
    const first = await offer(named(user));
    await payByCard(first);
    const second = await offer(named(user));
    const savedCard = /name="savedCard" value="([^"]+)"/.exec((await newShopper().visit(second.url)).text)?.[1] ?? '';
    const paid = await newShopper().post(second.url, { action: 'saved', savedCard });
    expect(paid.text).toContain('Subscription successful');
    expect(await inquire(second.subscriptionId)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(await tokensOf(user)).toHaveLength(1);
  });

  test.each([
    ['simulate-success', 'ACTIVE', 'Subscription successful'],
    ['simulate-failure', 'CLOSE', 'Payment Failed'],
    ['cancel', 'CLOSE', 'Payment Cancelled'],
  ])('the button %s makes it %s', async (action, status, text) => {
    const offered = await offer();
    expect((await newShopper().post(offered.url, { action, method: '' })).text).toContain(text);
    expect(await inquire(offered.subscriptionId)).toMatchObject({ subscriptionStatus: status });
  });

  test('a shopper who does not come in four hours has not subscribed', async () => {
    const offered = await offer();
    await gateway.travel(4 * 3_600_000);
    expect(await inquire(offered.subscriptionId)).toMatchObject({ subscriptionStatus: 'CLOSE' });
  });

  test('his bank asks him first, and the card that passed is kept', async () => {
    const user = freshId('user');
    const offered = await offer(named(user));
    const shopper = newShopper();
    const page = await payByCard(offered, { pan: challenged }, {}, shopper);
    expect(page.text).toContain('name="challengeDataEntry"');
    expect(await tokensOf(user)).toEqual([]);
    const address = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    await shopper.post(address, { challengeDataEntry: '1234', action: 'submit' });
    expect(await inquire(offered.subscriptionId)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(await tokensOf(user)).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
    expect(await leftoversOf(gateway)).toEqual([]);
  });

  test('a repeat of the request leads to the same page', async () => {
    const body = subscriptionOf(gateway);
    const [first, second] = [
      await gateway.call('/subscription/create', body),
      await gateway.call('/subscription/create', body),
    ];
    expect(second.data).toEqual(first.data);
  });

  test('what only a wallet could pay is refused: nobody could charge it again', async () => {
    const paymentInfo = { productName: 'SUBSCRIPTION', payMethodType: 'EWALLET' };
    expect(await create({ paymentInfo })).toMatchObject({ code: 'A0018' });
  });
});

test('a trial whose length is empty text is as long as a period, as when it is not given', async () => {
  const trial = { numberOfTrialPeriod: '1', trialPeriodAmount: '1.00', trialPeriodType: '', trialPeriodInterval: '' };
  const productInfo = { description: 'Tea', periodType: 'MONTHLY', periodInterval: '1', ...trial };
  expect(await create({ productInfo })).toMatchObject({ code: '0' });
});

describe('a free trial without a card', () => {
  const productInfo = {
    description: 'Tea',
    periodType: 'MONTHLY',
    periodInterval: '1',
    numberOfTrialPeriod: '1',
    trialPeriodAmount: '0',
  };
  const successRedirectUrl = 'https://shop.example/joined';

  async function offerTrial(user: string, fields: object = {}) {
    const { data } = await create({ ...named(user), productInfo, successRedirectUrl, ...fields });
    expect(data.subscriptionStatus).toBe('AUTHORIZATION_REQUIRED');
    const { actionType, webUrl } = JSON.parse(data.subscriptionAction);
    expect(actionType).toBe('WEB');
    return { id: String(data.subscriptionId), url: String(webUrl) };
  }

  /** @returns what the shopper sees, and a way to answer his bank */
  async function giveCard(url: string, pan: string) {
    const shopper = newShopper();
    const form = await shopper.post(url, { action: 'change-card' });
    const address = /<form[^>]*action="([^"]+)" id="card"/.exec(form.text)?.[1] ?? '';
    const sessionId = cardSessionIn(form.text);
    const encryptedCard = await seal(sessionId, { ...testCard, pan });
    const page = await shopper.post(`${gateway.url}${address}`, { action: 'card', encryptedCard });
    const question = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    return { page, answer: () => shopper.post(question, { challengeDataEntry: '1234', action: 'submit' }) };
  }

  test('begins when his bank has confirmed the card, charges nothing, and the next period is charged to it', async () => {
    const user = freshId('user');
    const { id, url } = await offerTrial(user);
    const page = (await newShopper().visit(url)).text;
    expect(page).toContain('Waiting for you');
    expect(page).toContain('Nothing is charged now.');
    expect(page).not.toContain('Cancel Subscription');
    const free = await chargesSeen(gateway, async () => {
      const { page: asked, answer } = await giveCard(url, challenged);
      expect(asked.text).toContain('name="challengeDataEntry"');
      expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'AUTHORIZATION_REQUIRED' });
      await answer();
      await gateway.settle();
    });
    expect(free).toEqual([]);
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'ACTIVE', productInfo: { currentPeriod: '1' } });
    const joined = (await newShopper().visit(url)).text;
    expect(joined).toContain('Active');
    expect(joined).toContain(`href="${successRedirectUrl}"`);
    expect(await tokensOf(user)).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
    const told = gateway.receiver.events('SUBSCRIPTION_STATUS_NOTIFICATION').map(({ result }) => result);
    expect(told.filter(({ subscriptionId }) => subscriptionId === id)).toMatchObject([
      { subscriptionStatus: 'ACTIVE' },
    ]);

    await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by: '31d' }, gateway.app.gateway);
    await gateway.settle();
    const { paymentDetails } = await inquire(id);
    expect(paymentDetails).toMatchObject([{ period: '2', orderStatus: 'PAY_SUCCESS', orderAmount: '100.00' }]);
    expect(await leftoversOf(gateway)).toEqual([]);
    await gateway.call('/subscription/cancel', { subscriptionId: id });
  });

  test('is confirmed on a page in its own language', async () => {
    const paymentInfo = { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD', cashierLanguage: 'ja' };
    const { url } = await offerTrial(freshId('user'), { paymentInfo });
    expect((await giveCard(url, challenged)).page.text).toContain('<html lang="ja">');
  });

  test('leads back to the shop, and nowhere that would run here', async () => {
    const failedRedirectUrl = 'https://shop.example/offers';
    const { url } = await offerTrial(freshId('user'), { failedRedirectUrl });
    expect((await newShopper().visit(url)).text).toContain(`href="${failedRedirectUrl}"`);
    const other = await offerTrial(freshId('user'), { cancelRedirectUrl: 'javascript:alert(1)' });
    expect((await newShopper().visit(other.url)).text).not.toContain('javascript:');
  });

  test('waits on when his card is declined, and begins with another one, once', async () => {
    const user = freshId('user');
    const { id, url } = await offerTrial(user);
    const declined = await giveCard(url, '4576750000000220');
    const page = await declined.answer();
    expect(page.text).not.toContain('Active');
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'AUTHORIZATION_REQUIRED' });
    const twice = [await giveCard(url, challenged), await giveCard(url, challenged)];
    await Promise.all(twice.map(({ answer }) => answer()));
    await gateway.settle();
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    const periods = await sql('select period from subscription_period where subscription_id = $1', [id]);
    expect(periods).toEqual([{ period: 1 }]);
    await gateway.call('/subscription/cancel', { subscriptionId: id });
  });

  test('begins with a card that the shopper saved before', async () => {
    const user = freshId('user');
    await payByCard(await offer(named(user)));
    const { id, url } = await offerTrial(user);
    const shopper = newShopper();
    const form = await shopper.post(url, { action: 'change-card' });
    const savedCard = /name="savedCard" value="([^"]+)"/.exec(form.text)?.[1] ?? '';
    const address = /<form[^>]*action="([^"]+)" id="card"/.exec(form.text)?.[1] ?? '';
    expect((await shopper.post(`${gateway.url}${address}`, { action: 'saved', savedCard })).text).toContain('Active');
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(await tokensOf(user)).toHaveLength(1);
    await gateway.call('/subscription/cancel', { subscriptionId: id });
  });

  test('has not begun when no card came in four hours, and no card begins it then', async () => {
    const { id, url } = await offerTrial(freshId('user'));
    const { answer } = await giveCard(url, challenged);
    await gateway.travel(4 * 3_600_000);
    await answer();
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'CLOSE' });
    expect((await newShopper().visit(url)).status).toBe(404);
    await gateway.settle();
    const told = gateway.receiver.events('SUBSCRIPTION_STATUS_NOTIFICATION').map(({ result }) => result);
    expect(told.filter(({ subscriptionId }) => subscriptionId === id)).toMatchObject([{ subscriptionStatus: 'CLOSE' }]);
  });

  test('a repeat of the request leads to the same page', async () => {
    const body = subscriptionOf(gateway, { productInfo });
    const [one, other] = [0, 1].map(() => gateway.call('/subscription/create', body));
    expect((await one)?.data).toEqual((await other)?.data);
  });
});

describe('with a card in the request', () => {
  const cardInfo = (cardNumber: string, user: string, extra: object = {}) => ({
    cardInfo: {
      cardNumber,
      cardExpiryYear: 2030,
      cardExpiryMonth: 12,
      cardCvv: '737',
      cardHolderName: 'Ada Lovelace',
      ...extra,
    },
    userInfo: { userId: user, userEmail: 'ada@example.com', userBrowserIp: '203.0.113.7', userAgent: 'Mozilla/5.0' },
  });

  test('it begins, and the card is a token from then on; a repeat charges nothing', async () => {
    const user = freshId('user');
    const body = subscriptionOf(gateway, cardInfo('4111111111111111', user));
    const call = () => gateway.call('/subscription/create', body, gateway.pci);
    const seen = await chargesSeen(gateway, async () => {
      const [first, second] = [await call(), await call()];
      expect(first.data).toMatchObject({ subscriptionStatus: 'ACTIVE' });
      expect(second.data).toEqual(first.data);
    });
    expect(seen).toMatchObject([{ cvv: '737', initiator: 'CIT' }]);
    expect(await tokensOf(user, 'pci')).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
  });

  test('its issuer asks first; the link is told again, and kept nowhere', async () => {
    const user = freshId('user');
    const body = subscriptionOf(gateway, cardInfo(challenged, user));
    const call = () => gateway.call('/subscription/create', body, gateway.pci);
    const first = await call();
    expect(first.data).toMatchObject({ subscriptionStatus: 'AUTHORIZATION_REQUIRED' });
    expect((await call()).data).toEqual(first.data);
    const { webUrl } = JSON.parse(first.data.subscriptionAction);
    const [kept] = await sql('select echo::text as echo from subscription where subscription_id = $1', [
      first.data.subscriptionId,
    ]);
    expect(kept?.echo).not.toContain(webUrl.split('/').at(-1));
    const shopper = newShopper();
    await shopper.visit(webUrl);
    const address = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    await shopper.post(address, { challengeDataEntry: '1234', action: 'submit' });
    expect(await inquire(first.data.subscriptionId, 'pci')).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(await tokensOf(user, 'pci')).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
    expect(await leftoversOf(gateway)).toEqual([]);
  });

  test('only a PCI-certified merchant may send one, and not beside a token', async () => {
    const body = cardInfo('4111111111111111', 'user_1');
    expect(await create(body)).toMatchObject({ code: 'A0004' });
    expect(await create({ ...body, tokenId: 'tok_0123456789012345678901' }, 'pci')).toMatchObject({ code: 'A0003' });
  });
});
