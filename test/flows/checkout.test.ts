/** The hosted checkout without a screen: what its link shows, and what posting to it comes to. */
import { seal } from '@waffo/protocol/envelope/seal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Checkout, cardSessionIn, openCheckout, payByCard } from '../kit/checkout.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const inquire = async ({ acquiringOrderId }: Checkout) =>
  (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
const open = (fields: object = {}) => openCheckout(gateway, fields);
const attempts = async ({ acquiringOrderId }: Checkout) =>
  (
    await gateway.database.rows({ name: 'test/tries', text: 'select 1 from payment_attempt where subject_id = $1' }, [
      acquiringOrderId,
    ])
  ).length;
const notified = async (eventType: string, { acquiringOrderId }: Checkout) => {
  await gateway.settle();
  return gateway.receiver
    .events(eventType)
    .map(({ result }) => result)
    .filter((result) => [result.acquiringOrderId, result.tokenRequestId].includes(acquiringOrderId));
};

describe('a shopper at the checkout', () => {
  test('pays with an encrypted card; the merchant is told, and nothing plain is in the log', async () => {
    const checkout = await open({ successRedirectUrl: 'https://shop.example/thanks' });
    const result = await payByCard(checkout);
    expect(result.text).toContain('<h1>Payment Successful</h1>');
    expect(result.text).toContain('href="https://shop.example/thanks">Confirm</a>');
    const order = await inquire(checkout);
    expect(order).toMatchObject({ orderStatus: 'PAY_SUCCESS', paymentInfo: { payMethodName: 'CC_VISA' } });
    expect(await notified('PAYMENT_NOTIFICATION', checkout)).toEqual([order]);
    expect(await notified('TOKENIZATION_NOTIFICATION', checkout)).toEqual([]);
    expect(gateway.logLines.join('\n')).not.toContain(testCard.pan);
    expect(gateway.logLines.join('\n')).not.toContain(checkout.url.slice(-43));
  });

  test('whose card is declined sees that it failed, at an address that says so', async () => {
    const checkout = await open();
    await payByCard(checkout, { pan: '4576750000000220' });
    const response = await fetch(checkout.url, { redirect: 'manual' });
    expect(response.headers.get('location')).toMatch(/\/result\?status=failed$/);
    expect((await newShopper().visit(checkout.url)).text).toContain('<h1>Payment Failed</h1>');
    expect(await inquire(checkout)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
  });

  test('who mistypes is told, and may try again', async () => {
    const checkout = await open();
    const refused = await payByCard(checkout, { pan: '4111111111111112' });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('This card cannot be used.');
    expect(await attempts(checkout)).toBe(0);
    expect((await payByCard(checkout)).text).toContain('Payment Successful');
  });

  test('cancels: the order closes, nothing can be paid after it, and he is led home', async () => {
    const checkout = await open({ cancelRedirectUrl: 'komoe://cancelled' });
    const result = await newShopper().post(checkout.url, { action: 'cancel' });
    expect(result.text).toContain('href="komoe://cancelled"');
    const { orderStatus, orderFailedReason } = await inquire(checkout);
    expect(orderStatus).toBe('ORDER_CLOSE');
    expect(JSON.parse(orderFailedReason)).toMatchObject({ orderFailedCode: 'USER_CANCELLED' });
    expect((await newShopper().post(checkout.url, { action: 'simulate-success' })).text).toContain('Payment Cancelled');
    expect(await attempts(checkout)).toBe(0);
  });

  test('who comes too late is not charged, and the key of the page is gone', async () => {
    const orderExpiredAt = new Date(gateway.clock.now().getTime() + 60_000).toISOString();
    const checkout = await open({ orderExpiredAt });
    const page = (await newShopper().visit(checkout.url)).text;
    const encryptedCard = await seal(cardSessionIn(page), testCard);
    await gateway.travel(60_000);
    const late = await newShopper().post(checkout.url, { action: 'card', encryptedCard });
    expect(late.text).toContain('The time to pay is over.');
    expect(await attempts(checkout)).toBe(0);
    const kept = {
      name: 'test/kept',
      text: 'select 1 from checkout where acquiring_order_id = $1 and sealed_by is not null',
    };
    expect(await gateway.database.rows(kept, [checkout.acquiringOrderId])).toEqual([]);
  });

  test('who clicks twice, or in two tabs, pays once', async () => {
    const checkout = await open();
    const results = await Promise.all([1, 2, 3, 4].map(() => payByCard(checkout)));
    for (const { text } of results) expect(text).toMatch(/Payment Successful|Processing…/);
    expect((await newShopper().visit(checkout.url)).text).toContain('Payment Successful');
    expect(await attempts(checkout)).toBe(1);
  });

  test('saves the card on his wish: the merchant is told of a token, which pays the next order', async () => {
    const userInfo = { userId: 'keeper', userEmail: 'keeper@example.com', userTerminal: 'WEB' };
    const first = await open({ userInfo });
    await payByCard(first, {}, { saveCard: 'yes' });
    const [token] = await notified('TOKENIZATION_NOTIFICATION', first);
    expect(token).toMatchObject({ merchantUserId: 'keeper', tokenId: expect.stringMatching(/^tok_/) });
    const second = await open({ userInfo });
    const page = (await newShopper().visit(second.url)).text;
    expect(page).toContain('•••• 1111');
    expect(page).not.toContain(token.tokenId);
    const savedCard = /name="savedCard" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const result = await newShopper().post(second.url, { action: 'saved', savedCard });
    expect(result.text).toContain('Payment Successful');
    expect((await inquire(second)).paymentInfo.payMethodProperties).toContain(token.tokenId);

    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', payMethodName: 'CC_JCB' };
    const ofJcb = await open({ userInfo, paymentInfo });
    expect((await newShopper().post(ofJcb.url, { action: 'saved', savedCard })).text).toContain('not accepted here');
    expect((await payByCard(ofJcb)).text).toContain('not accepted here');
    expect(await attempts(ofJcb)).toBe(0);

    const stranger = await open({ userInfo: { ...userInfo, userId: 'stranger' } });
    expect((await newShopper().visit(stranger.url)).text).not.toContain('1111');
    expect((await newShopper().post(stranger.url, { action: 'saved', savedCard })).status).toBe(422);
    expect(await attempts(stranger)).toBe(0);
  });

  test.each([
    ['simulate-success', 'PAY_SUCCESS'],
    ['simulate-failure', 'ORDER_CLOSE'],
  ])('of the sandbox ends it as he likes: %s', async (action, orderStatus) => {
    const checkout = await open();
    await newShopper().post(checkout.url, { action });
    expect(await inquire(checkout)).toMatchObject({ orderStatus });
  });
});

describe('a wallet', () => {
  const wallet = { productName: 'ONE_TIME_PAYMENT', payMethodType: 'EWALLET', payMethodName: 'DANA,GCASH' };

  test.each([
    ['simulate-success', 'PAY_SUCCESS'],
    ['simulate-failure', 'ORDER_CLOSE'],
  ])('that the order names is played by the same buttons, without a card: %s', async (action, orderStatus) => {
    const checkout = await open({ paymentInfo: wallet });
    const { text } = await newShopper().visit(checkout.url);
    expect([...text.matchAll(/<option value="([^"]*)">/g)].map(([, name]) => name)).toEqual(['DANA', 'GCASH']);
    expect(text).not.toContain('cardNumber');
    await newShopper().post(checkout.url, { action, method: 'GCASH' });
    const order = await inquire(checkout);
    expect(order).toMatchObject({ orderStatus, paymentInfo: { payMethodType: 'EWALLET', payMethodName: 'GCASH' } });
    expect(JSON.stringify(order.paymentInfo)).not.toContain('maskCardData');
  });

  test('that the order does not allow pays nothing, nor does a card in its place', async () => {
    const checkout = await open({ paymentInfo: wallet });
    for (const method of ['OVO', '', 'CC_VISA', 'NOBODY']) {
      expect((await newShopper().post(checkout.url, { action: 'simulate-success', method })).status).toBe(422);
    }
    expect((await newShopper().post(checkout.url, { action: 'card', encryptedCard: 'x' })).status).toBe(422);
    expect(await attempts(checkout)).toBe(0);
  });

  test('is refunded as its method allows: DANA once, OVO as often as there is money left', async () => {
    for (const [method, second] of [
      ['DANA', 'A0014'],
      ['OVO', '0'],
    ] as const) {
      const checkout = await open();
      await newShopper().post(checkout.url, { action: 'simulate-success', method });
      const { acquiringOrderId } = checkout;
      const again = { refundReason: 'x', refundAmount: '10.00', acquiringOrderId };
      const refund = () => gateway.call('/order/refund', { ...again, refundRequestId: freshId('r').slice(-32) });
      expect(await refund()).toMatchObject({ code: '0' });
      expect(await refund(), method).toMatchObject({ code: second });
    }
  });

  test('is offered beside a card where the order leaves the choice', async () => {
    const checkout = await open();
    const { text } = await newShopper().visit(checkout.url);
    expect(text).toContain('cardNumber');
    expect(text).toContain('<option value="">Card</option><option value="DANA">DANA</option>');
    await newShopper().post(checkout.url, { action: 'simulate-success', method: 'OVO' });
    expect(await inquire(checkout)).toMatchObject({
      orderStatus: 'PAY_SUCCESS',
      paymentInfo: { payMethodName: 'OVO' },
    });
  });

  test('is never captured later: only cards are, so neither an order nor a page with manualCapture offers it', async () => {
    const captureMode = 'manualCapture';
    const refused = await gateway.call('/order/create', orderOf(gateway, { paymentInfo: { ...wallet, captureMode } }));
    expect(refused).toMatchObject({ code: 'A0018' });
    const checkout = await open({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', captureMode } });
    const { text } = await newShopper().visit(checkout.url);
    expect(text).toContain('cardNumber');
    expect(text).not.toContain('value="DANA"');
    const { status } = await newShopper().post(checkout.url, { action: 'simulate-success', method: 'DANA' });
    expect(status).toBe(422);
    expect(await attempts(checkout)).toBe(0);
  });

  test('is listed with the methods of the contract', async () => {
    const { payMethodDetails } = (await gateway.call('/paymethodconfig/inquiry', {})).data;
    const names = payMethodDetails.map(({ payMethodName }: { payMethodName: string }) => payMethodName);
    expect(names).toEqual(expect.arrayContaining(['CC_VISA', 'DANA', 'GOOGLEPAY']));
  });
});

describe('the page', () => {
  test('posts nothing plain without its script: the fields of the card belong to no form', async () => {
    const { text } = await newShopper().visit((await open()).url);
    const fields = [...text.matchAll(/<input [^>]*data-member=[^>]*>/g)].map(([field]) => field);
    expect(fields).toHaveLength(4);
    for (const field of fields) expect(field).toContain('form="unsent"');
    expect(text).not.toContain('id="unsent"');
  });

  test('is not there for a forged secret, an unknown order, or a post from elsewhere', async () => {
    const { url, acquiringOrderId } = await open();
    const forged = `${url.slice(0, -4)}AAAA`;
    for (const link of [forged, `${url}x`, url.replace(acquiringOrderId, 'A20261123120000unknown')]) {
      expect((await newShopper().visit(link)).status).toBe(404);
      expect((await newShopper().post(link, { action: 'simulate-success' })).status).toBe(404);
    }
    const elsewhere = newShopper({ 'sec-fetch-site': 'cross-site' });
    expect((await elsewhere.post(url, { action: 'cancel' })).status).toBe(404);
    expect(await inquire({ url, acquiringOrderId })).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
  });

  test('speaks as the order says, or else the browser', async () => {
    const japanese = await open({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', cashierLanguage: 'ja' } });
    expect((await newShopper().visit(japanese.url)).text).toContain('<html lang="ja">');
    const any = await open();
    const chinese = newShopper({ 'accept-language': 'zh-TW' });
    expect((await chinese.visit(any.url)).text).toContain('付款失敗');
  });

  test('wears the merchant’s colours, and nothing that is not plainly one', async () => {
    const variables = { colorPrimary: '#ffcc00', colorBackground: 'red}*{display:none', borderRadius: '8px' };
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', cashierAppearance: JSON.stringify({ variables }) };
    const { url } = await open({ paymentInfo });
    const theme = await (await fetch(`${url}/theme.css`)).text();
    expect(theme).toMatch(
      /^:root\{--accent:#ffcc00;--on-accent:#000000\}\n:root\{[^{}]+\}\ninput,button,.button\{border-radius:8px\}$/,
    );
    expect(theme).not.toContain('display');
  });

  test('never leads to what would run here', async () => {
    const checkout = await open({ successRedirectUrl: 'javascript:alert(1)' });
    const { text } = await newShopper().post(checkout.url, { action: 'simulate-success' });
    expect(text).not.toContain('javascript:');
  });
});
