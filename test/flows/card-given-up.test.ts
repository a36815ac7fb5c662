/** A shopper who gives one card, leaves its challenge, and pays with another: the first is charged nothing, ever, and kept nowhere. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardSessionIn, openCheckout, postCard } from '../kit/checkout.ts';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';
import { subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const hour = 3_600_000;
const inquire = async (acquiringOrderId: string) => (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
const count = async () => {
  const [row] = await gateway.database.rows<{ n: number }>({
    name: 'test/cards',
    text: 'select count(*)::int as n from vault_card',
  });
  return row?.n ?? 0;
};
const user = () => {
  const userId = freshId('user');
  return { userInfo: { userId, userEmail: `${userId}@example.com`, userTerminal: 'WEB' } };
};
test('a card whose holder never passed 3DS and that paid nothing is not saved as VERIFIED when another card pays', async () => {
  const who = user();
  const checkout = await openCheckout(gateway, who);
  const sessionId = cardSessionIn((await newShopper().visit(checkout.url)).text);
  await postCard(newShopper(), checkout, sessionId, { pan: '4000000000001000' }, { saveCard: 'yes' });
  await postCard(newShopper(), checkout, sessionId, { pan: '4576750000000110' });
  const order = await inquire(checkout.acquiringOrderId);
  expect(order.orderStatus).toBe('PAY_SUCCESS');
  const { data } = await gateway.call('/tokenization/inquiry', { merchantUserId: who.userInfo.userId });
  expect({
    saved: data.map((t: { maskedPan: string; tokenStatus: string }) => [t.maskedPan, t.tokenStatus]),
    shown: JSON.parse(order.paymentInfo.payMethodResponse),
  }).toEqual({ saved: [], shown: { maskCardData: '457675******0110' } });
});

test('when another card that is saved pays, the card that waited for its challenge is erased', async () => {
  const who = user();
  const checkout = await openCheckout(gateway, who);
  const sessionId = cardSessionIn((await newShopper().visit(checkout.url)).text);
  const before = await count();
  await postCard(newShopper(), checkout, sessionId, { pan: '4000000000001000' }, { saveCard: 'yes' });
  await postCard(newShopper(), checkout, sessionId, { pan: '4576750000000110' }, { saveCard: 'yes' });
  await gateway.travel(24 * hour);
  expect((await inquire(checkout.acquiringOrderId)).orderStatus).toBe('PAY_SUCCESS');
  const { data } = await gateway.call('/tokenization/inquiry', { merchantUserId: who.userInfo.userId });
  expect([data.length, (await count()) - before]).toEqual([1, 1]);
});

test('a subscription that a saved card pays is renewed with that card, not with one whose holder left the challenge', async () => {
  const userId = freshId('user');
  await gateway.bind({ pan: '4576750000000110' }, userId);
  const created = await gateway.call(
    '/subscription/create',
    subscriptionOf(gateway, { userInfo: { userId, userEmail: 'a@example.com', userTerminal: 'WEB' } }),
  );
  const url = JSON.parse(created.data.subscriptionAction).webUrl;
  const html = (await newShopper().visit(url)).text;
  const sessionId = cardSessionIn(html);
  const reference = /name="savedCard" value="([^"]+)"/.exec(html)?.[1] ?? '';
  await postCard(newShopper(), { url }, sessionId, { pan: '4000000000001000' });
  await newShopper().post(url, { action: 'saved', savedCard: reference });
  await gateway.travel(32 * 24 * hour);
  const used = await gateway.database.rows<{ initiator: string; masked: string }>(
    {
      name: 'test/used',
      text: `select o.initiator, t.card_summary->>'masked' as masked from subscription_charge c join payment_order o using (merchant_id, acquiring_order_id) left join token t on t.token_id = o.token_id where c.subscription_id = $1 order by c.period`,
    },
    [created.data.subscriptionId],
  );
  expect(used.map((row) => `${row.initiator} ${row.masked}`)).toEqual(['CIT 457675******0110', 'MIT 457675******0110']);
});
