/** The seed's story: bind a card, receive the token by webhook, pay with it, remove it. */
import { parsePublicKey, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const generateBody = (fields: object = {}) => ({
  tokenRequestId: freshId('treq'),
  merchantUserId: 'user_1',
  tokenType: 'CARD',
  notifyUrl: gateway.receiver.url,
  ...fields,
});

const lastEvent = (eventType: string) => gateway.receiver.events(eventType).at(-1)?.result;

describe('a card bound in the browser', () => {
  test('becomes a token that reaches the merchant by a signed webhook only', async () => {
    const opened = await gateway.call(
      '/tokenization/generate',
      generateBody({ billingAddress: { countryCode: 'USA' } }),
    );
    expect(opened).toMatchObject({ status: 200, code: '0', signed: true });
    expect(opened.data.tokenSessionId).toMatch(/^tsess_[\w-]{44}$/);
    expect(opened.data).not.toHaveProperty('tokenId');

    const submitted = await gateway.submit(opened.data.tokenSessionId, {});
    expect(submitted).toMatchObject({ status: 200, code: '0', signed: true });
    expect(submitted.data).toEqual({ tokenRequestId: opened.data.tokenRequestId });

    await gateway.settle();
    const [{ body, headers, event }] = gateway.receiver.received.slice(-1) as [(typeof gateway.receiver.received)[0]];
    const waffoKey = parsePublicKey(gateway.merchant.waffoPublicKey);
    expect(verify(body, String(headers['x-signature']), waffoKey)).toBe(true);
    expect(event.result).toEqual({
      tokenRequestId: opened.data.tokenRequestId,
      tokenId: expect.stringMatching(/^tok_[0-9A-Za-z]{22}$/),
      tokenType: 'CARD',
      tokenStatus: 'UNVERIFIED',
      tokenData: {
        maskedCardInfo: '411111******1111',
        cardHolderName: 'Ada Lovelace',
        cardExpiry: '12/2030',
        cardBin: '411111',
        cardScheme: 'VISA',
        cardType: 'CREDIT',
        cardIssuerName: 'Waffo Sandbox Bank',
        cardIssueCountryCode: 'USA',
      },
      merchantUserId: 'user_1',
      billingAddress: { countryCode: 'USA' },
      merchantInfo: { merchantId: gateway.merchant.merchantId },
    });
  });

  test('is listed for its user in the nested and in the flat shape, oldest first', async () => {
    const first = await gateway.bind({}, 'lister');
    const second = await gateway.bind({ pan: '5555555555554444' }, 'lister');
    const { data } = await gateway.call('/tokenization/inquiry', { merchantUserId: 'lister' });
    expect(data.map((item: { tokenId: string }) => item.tokenId)).toEqual([first, second]);
    expect(data[0]).toMatchObject({
      maskedPan: '411111******1111',
      cardBrand: 'VISA',
      expiryMonth: '12',
      expiryYear: '2030',
      tokenData: { maskedCardInfo: '411111******1111' },
    });
  });

  test('is found by a client that writes down each member it knows, empty or null where nothing is set', async () => {
    const nothing = { tokenRequestId: '', tokenType: '', merchantUserId: null };
    const tokenId = await gateway.bind({}, 'typed');
    const { data } = await gateway.call('/tokenization/inquiry', { ...nothing, tokenId });
    expect(data).toMatchObject([{ tokenId }]);
    expect(await gateway.call('/tokenization/inquiry', { ...nothing, tokenId: '' })).toMatchObject({ code: 'A0003' });
  });

  test('pays: PAY_SUCCESS in the answer, in the inquiry and in the notification alike', async () => {
    const tokenId = await gateway.bind({}, 'payer');
    const order = orderOf(gateway, { tokenId });
    const created = await gateway.call('/order/create', order);
    expect(created).toMatchObject({ status: 200, code: '0', signed: true, data: { orderStatus: 'PAY_SUCCESS' } });
    expect(created.data.acquiringOrderId).toMatch(/^A2026\w{1,27}$/);
    await gateway.settle();
    const inquired = await gateway.call('/order/inquiry', { paymentRequestId: order.paymentRequestId });
    expect(lastEvent('PAYMENT_NOTIFICATION')).toEqual(inquired.data);
    expect(inquired.data).toMatchObject({
      orderStatus: 'PAY_SUCCESS',
      orderAmount: '100.00',
      finalDealAmount: '100.00',
      refundExpiryAt: '2027-05-22T23:59:59.999Z',
    });
    expect(JSON.parse(inquired.data.paymentInfo.payMethodProperties)).toEqual({
      cardToken: tokenId,
      cardTransactionType: 'CIT',
    });
    expect(JSON.parse(inquired.data.paymentInfo.payMethodResponse)).toEqual({ maskCardData: '411111******1111' });
  });

  test('is verified by its first approved payment, and the merchant is told', async () => {
    const tokenId = await gateway.bind({}, 'verified');
    await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    await gateway.settle();
    expect(lastEvent('TOKENIZATION_NOTIFICATION')).toMatchObject({ tokenId, tokenStatus: 'VERIFIED' });
    const unattended = orderOf(gateway, {
      tokenId,
      paymentInfo: {
        productName: 'ONE_TIME_PAYMENT',
        merchantInitiatedMode: 'unscheduled',
        userPaymentAccessToken: tokenId,
      },
    });
    expect(await gateway.call('/order/create', unattended)).toMatchObject({
      code: '0',
      data: { orderStatus: 'PAY_SUCCESS' },
    });
  });

  test('cannot pay once it is removed, and its number is gone from the vault', async () => {
    const tokenId = await gateway.bind({}, 'remover');
    expect(await gateway.call('/tokenization/remove', { tokenId, tokenType: 'CARD' })).toMatchObject({
      code: '0',
      data: null,
    });
    expect(await gateway.call('/order/create', orderOf(gateway, { tokenId }))).toMatchObject({
      status: 400,
      code: 'A0037',
    });
    expect((await gateway.call('/tokenization/inquiry', { merchantUserId: 'remover' })).data).toEqual([]);
    const [removed] = (await gateway.call('/tokenization/inquiry', { tokenId })).data;
    expect(removed).toMatchObject({ tokenStatus: 'REMOVED' });
    expect(removed).not.toHaveProperty('tokenData');
    await gateway.settle();
    expect(lastEvent('TOKENIZATION_NOTIFICATION')).toMatchObject({ tokenId, tokenStatus: 'REMOVED' });
    const [{ cards }] = (await gateway.database.rows<{ cards: bigint }>(
      {
        name: 'test/cards-of-removed',
        text: `select count(*) as cards from vault_card c join token t using (merchant_id, card_id) where t.token_id = $1`,
      },
      [tokenId],
    )) as [{ cards: bigint }];
    expect(cards).toBe(0n);
    expect(await gateway.call('/tokenization/remove', { tokenId })).toMatchObject({ code: '0' });
  });
});

describe('a declined card', () => {
  const declined = { pan: '4576750000000220' };

  test('never becomes a token; the browser learns only that it was declined, the merchant learns why', async () => {
    const opened = await gateway.call('/tokenization/generate', generateBody({ merchantUserId: 'declined' }));
    const submitted = await gateway.submit(opened.data.tokenSessionId, declined);
    expect(submitted).toMatchObject({ code: 'C0005', signed: true });
    expect(submitted.raw).not.toContain('DO_NOT_HONOR');
    await gateway.settle();
    const told = lastEvent('TOKENIZATION_NOTIFICATION');
    expect(told).toMatchObject({ tokenRequestId: opened.data.tokenRequestId, tokenStatus: 'FAILED' });
    expect(told).not.toHaveProperty('tokenId');
    expect(JSON.parse(told.failedReason)).toMatchObject({ tokenFailedCode: 'DO_NOT_HONOR' });
    expect((await gateway.call('/tokenization/inquiry', { merchantUserId: 'declined' })).data).toEqual([]);
  });

  test('closes an order with its reason when it is declined at the charge', async () => {
    const tokenId = await gateway.bind({ pan: '4000000000000341' }, 'broke');
    const created = await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    expect(created).toMatchObject({ code: '0', data: { orderStatus: 'ORDER_CLOSE' } });
    await gateway.settle();
    const told = lastEvent('PAYMENT_NOTIFICATION');
    expect(told.orderStatus).toBe('ORDER_CLOSE');
    expect(JSON.parse(told.orderFailedReason)).toMatchObject({ orderFailedCode: 'INSUFFICIENT_FUNDS' });
  });
});

describe('a PCI-certified merchant', () => {
  const tokenData = { pan: '4111111111111111', expiry: '12/2030', name: 'Ada Lovelace', cvv: '123' };

  test('binds a bare card and is answered its tokenId at once', async () => {
    const body = generateBody({ tokenData, merchantUserId: 'pci_user' });
    const bound = await gateway.call('/tokenization/generate', body, gateway.pci);
    expect(bound).toMatchObject({ code: '0', signed: true });
    expect(bound.data.tokenId).toMatch(/^tok_/);
    const again = await gateway.call('/tokenization/generate', body, gateway.pci);
    expect(again.data).toEqual(bound.data);
  });

  test('is the only one that may', async () => {
    expect(await gateway.call('/tokenization/generate', generateBody({ tokenData }))).toMatchObject({
      status: 401,
      code: 'A0004',
    });
  });
});

describe('an unknown outcome', () => {
  test('is answered E0001, charges once, and ends by itself', async () => {
    const tokenId = await gateway.bind({}, 'unknown');
    const order = orderOf(gateway, { tokenId, orderAmount: '92.00' });
    expect(await gateway.call('/order/create', order)).toMatchObject({ status: 500, code: 'E0001', signed: true });
    expect(await gateway.call('/order/create', order)).toMatchObject({
      code: '0',
      data: { orderStatus: 'PAY_IN_PROGRESS' },
    });
    await gateway.travel(2 * 60_000);
    const { data } = await gateway.call('/order/inquiry', { paymentRequestId: order.paymentRequestId });
    expect(data.orderStatus).toBe('PAY_SUCCESS');
    expect(lastEvent('PAYMENT_NOTIFICATION')).toEqual(data);
    expect(await chargesOf(String(data.acquiringOrderId))).toBe(1);
  });
});

async function chargesOf(acquiringOrderId: string): Promise<number> {
  const rows = await gateway.database.rows<{ charges: bigint }>(
    {
      name: 'test/charges',
      text: `select count(*) as charges from sandbox_transaction s
             join payment_attempt a on a.attempt_id::text = s.reference where a.subject_id = $1 and s.verb = 'purchase'`,
    },
    [acquiringOrderId],
  );
  return Number(rows[0]?.charges);
}
