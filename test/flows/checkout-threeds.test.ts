/** The checkout with 3-D Secure: on to the bank, back to the result, and one charge however the shopper wanders. */
import { seal } from '@waffo/protocol/envelope/seal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chargesIn, chargesSeen, leftoversOf } from '../kit/charges.ts';
import { type Checkout, cardSessionIn, openCheckout, payByCard } from '../kit/checkout.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const minute = 60_000;
const challenged = '4000000000001000';
const urls = { successRedirectUrl: 'https://shop.example/thanks', cancelRedirectUrl: 'https://shop.example/back' };
const leftovers = () => leftoversOf(gateway);
const chargesOf = (id: string) => chargesIn(gateway, id);

describe('at the checkout', () => {
  const open = (fields: object = {}): Promise<Checkout> => openCheckout(gateway, { ...urls, ...fields });
  const statusOf = async ({ acquiringOrderId }: Checkout) =>
    (await gateway.call('/order/inquiry', { acquiringOrderId })).data.orderStatus;
  const named = (userId: string) => ({
    userInfo: { userId, userEmail: `${userId}@example.com`, userTerminal: 'WEB' },
  });

  /** The page's script posts a card, and the shopper follows. */
  async function meet(checkout: Checkout, form: Record<string, string> = {}, headers: Record<string, string> = {}) {
    const shopper = newShopper(headers);
    const sessionId = cardSessionIn((await shopper.visit(checkout.url)).text);
    const encryptedCard = await seal(sessionId, { ...testCard, pan: challenged });
    const post = () => shopper.post(checkout.url, { action: 'card', encryptedCard, ...form });
    const page = await post();
    const address = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    const type = (code: string) => shopper.post(address, { challengeDataEntry: code, action: 'submit' });
    return { shopper, page, post, address, type };
  }

  test('a card is asked about on the page of its bank, and the shopper comes back to the result', async () => {
    const checkout = await open();
    const { shopper, page, type } = await meet(checkout);
    expect(page.text).toContain('name="challengeDataEntry"');
    expect(await statusOf(checkout)).toBe('AUTHORIZATION_REQUIRED');
    const seen = await chargesSeen(gateway, async () => {
      expect((await type('1234')).text).toContain(`url=${checkout.url}?result=success`);
    });
    expect(seen).toMatchObject([{ cvv: testCard.cvv, threeDs: { eci: '05' } }]);
    expect((await shopper.visit(`${checkout.url}?result=success`)).text).toContain('Payment Successful');
    expect(await statusOf(checkout)).toBe('PAY_SUCCESS');
    expect(await leftovers()).toEqual([]);
  });

  test('whoever gives up there finds the payment cancelled', async () => {
    const checkout = await open();
    const { shopper, address } = await meet(checkout);
    await shopper.post(address, { challengeDataEntry: '', action: 'cancel' });
    const { text } = await shopper.visit(checkout.url);
    expect(text).toContain('Payment Cancelled');
    expect(text).toContain(`href="${urls.cancelRedirectUrl}"`);
  });

  test('the bank’s page speaks the language of the checkout, whatever the browser prefers', async () => {
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', cashierLanguage: 'ja' };
    const { page, type } = await meet(await openCheckout(gateway, { paymentInfo }), {}, { 'accept-language': 'en' });
    expect(page.text).toContain('<html lang="ja">');
    expect((await type('1234')).text).toContain('お支払いが完了しました');
  });

  test('a reload, the back button and a second tab lead back to the question, and another browser waits', async () => {
    const checkout = await open();
    const { shopper, post, type } = await meet(checkout);
    expect((await post()).text).toContain('name="challengeDataEntry"');
    expect((await shopper.visit(checkout.url)).text).toContain('name="challengeDataEntry"');
    expect((await newShopper().visit(checkout.url)).text).not.toContain('data-session');
    await type('1234');
    expect(await chargesOf(checkout.acquiringOrderId)).toHaveLength(1);
  });

  test('a card that the issuer knows, or that takes no part, is not asked about', async () => {
    for (const pan of ['4000000000001091', '4111111111111111']) {
      const checkout = await open();
      expect((await payByCard(checkout, { pan })).text).toContain('Payment Successful');
    }
    const refused = await open();
    expect((await payByCard(refused, { pan: '4000000000001109' })).text).toContain('Payment Failed');
  });

  test('a card that the shopper wants to keep is kept once he has passed, and the next time he is asked again', async () => {
    const first = await open(named('asked'));
    const { type } = await meet(first, { saveCard: 'yes' });
    await type('1234');
    await gateway.settle();
    const bound = gateway.receiver.events('TOKENIZATION_NOTIFICATION').map(({ result }) => result);
    expect(bound.filter(({ merchantUserId }) => merchantUserId === 'asked')).toHaveLength(1);
    expect(await leftovers()).toEqual([]);

    const second = await open(named('asked'));
    const shopper = newShopper();
    const savedCard = /name="savedCard" value="([^"]+)"/.exec((await shopper.visit(second.url)).text)?.[1] ?? '';
    const asked = await shopper.post(second.url, { action: 'saved', savedCard });
    expect(asked.text).toContain('name="challengeDataEntry"');
    expect((await shopper.visit(second.url)).text).toContain('name="challengeDataEntry"');
    const address = `${gateway.url}${[...shopper.cookies.keys()][0]}`;
    await shopper.post(address, { challengeDataEntry: '1234', action: 'submit' });
    expect(await statusOf(second)).toBe('PAY_SUCCESS');
  });

  test('in a frame the shopper steps out to his bank by himself', async () => {
    const checkout = await open();
    const { page, shopper } = await meet(checkout, {}, { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-origin' });
    const [, link = ''] = /target="_top" href="([^"]+)"/.exec(page.text) ?? [];
    expect((await shopper.visit(link)).text).toContain('name="challengeDataEntry"');
    await gateway.travel(10 * minute);
    expect((await shopper.visit(checkout.url)).text).toContain('The time to pay is over.');
  });

  test('another card while the question is open charges once', async () => {
    const checkout = await open();
    const shown = (await newShopper().visit(checkout.url)).text;
    const { type } = await meet(checkout);
    const sessionId = cardSessionIn(shown);
    const encryptedCard = await seal(sessionId, testCard);
    expect((await newShopper().post(checkout.url, { action: 'card', encryptedCard })).text).toContain('Successful');
    await type('1234');
    expect(await chargesOf(checkout.acquiringOrderId)).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });
});
