/** Nothing happens twice: one request id, one effect, whatever the callers do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const count = async (text: string, values: unknown[]) =>
  Number((await gateway.database.rows<{ n: bigint }>({ name: `test/${freshId('c')}`, text }, values))[0]?.n);

describe('50 concurrent order/create with one paymentRequestId', () => {
  test('charge the card once at the acquirer and give 50 agreeing answers', async () => {
    const tokenId = await gateway.bind();
    const order = orderOf(gateway, { tokenId });
    const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.call('/order/create', order)));
    expect([...new Set(answers.map(({ raw }) => raw))]).toHaveLength(1);
    expect(answers[0]).toMatchObject({ code: '0', signed: true, data: { orderStatus: 'PAY_SUCCESS' } });
    expect(await count(`select count(*) as n from sandbox_transaction where verb = 'purchase'`, [])).toBe(1);
    await gateway.settle();
    expect(gateway.receiver.events('PAYMENT_NOTIFICATION')).toHaveLength(1);
  });

  test('with another amount under the same id, all but one content are refused with A0011', async () => {
    const tokenId = await gateway.bind();
    const order = orderOf(gateway, { tokenId });
    const amounts = ['100.00', '200.00'];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => gateway.call('/order/create', { ...order, orderAmount: amounts[i % 2] })),
    );
    const codes = answers.map(({ code }) => code);
    expect(codes.filter((code) => code === '0')).toHaveLength(25);
    expect(codes.filter((code) => code === 'A0011')).toHaveLength(25);
    expect(
      await count('select count(*) as n from payment_order where payment_request_id = $1', [order.paymentRequestId]),
    ).toBe(1);
  });

  test('a repeat that differs only in its time and key order is the same request', async () => {
    const tokenId = await gateway.bind();
    const order = orderOf(gateway, { tokenId });
    const first = await gateway.call('/order/create', order);
    const turned = Object.fromEntries(
      Object.entries({ ...order, orderRequestedAt: '2026-11-23T12:00:09.000Z' }).reverse(),
    );
    expect((await gateway.call('/order/create', turned)).data).toEqual(first.data);
  });
});

describe('50 concurrent generate with one tokenRequestId', () => {
  const body = (fields: object = {}) => ({
    tokenRequestId: freshId('treq'),
    merchantUserId: 'user_1',
    tokenType: 'CARD',
    notifyUrl: gateway.receiver.url,
    ...fields,
  });

  test('open one session and give 50 agreeing answers', async () => {
    const request = body();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gateway.call('/tokenization/generate', request)),
    );
    expect([...new Set(answers.map(({ raw }) => raw))]).toHaveLength(1);
    expect(answers[0]?.code).toBe('0');
  });

  test('bind a bare card once', async () => {
    const request = body({ tokenData: { pan: '4111111111111111', expiry: '12/2030', cvv: '123' } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gateway.call('/tokenization/generate', request, gateway.pci)),
    );
    expect([...new Set(answers.map(({ raw }) => raw))]).toHaveLength(1);
    expect(await count('select count(*) as n from token where token_request_id = $1', [request.tokenRequestId])).toBe(
      1,
    );
    expect(
      await count(
        `select count(*) as n from sandbox_transaction s join payment_attempt a on a.attempt_id::text = s.reference
         where a.subject_id = $1`,
        [request.tokenRequestId],
      ),
    ).toBe(1);
  });

  test('the same id with another user is refused with A0011, with another card too', async () => {
    const request = body();
    await gateway.call('/tokenization/generate', request);
    expect(await gateway.call('/tokenization/generate', { ...request, merchantUserId: 'other' })).toMatchObject({
      code: 'A0011',
    });
    const bare = body({ tokenData: { pan: '4111111111111111', expiry: '12/2030' } });
    await gateway.call('/tokenization/generate', bare, gateway.pci);
    const otherCard = { ...bare, tokenData: { pan: '5555555555554444', expiry: '12/2030' } };
    expect(await gateway.call('/tokenization/generate', otherCard, gateway.pci)).toMatchObject({ code: 'A0011' });
  });
});

describe('one session', () => {
  test('takes one card, though two tabs submit at once', async () => {
    const opened = await gateway.call('/tokenization/generate', {
      tokenRequestId: freshId('treq'),
      merchantUserId: 'tabs',
      tokenType: 'CARD',
    });
    const session = opened.data.tokenSessionId;
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.submit(session, {})));
    expect(answers.filter(({ code }) => code === '0')).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'A0011')).toHaveLength(7);
    expect((await gateway.call('/tokenization/inquiry', { merchantUserId: 'tabs' })).data).toHaveLength(1);
  });
});

describe('a user', () => {
  test('never has more than 100 cards, though many are submitted at once', async () => {
    await gateway.bind({}, 'collector');
    await gateway.database.rows({
      name: 'test/fill',
      text: `insert into token (merchant_id, token_id, token_request_id, merchant_user_id, status, created_at, updated_at)
             select merchant_id, token_id || n, token_request_id || n, merchant_user_id, status, created_at, updated_at
             from token, generate_series(1, 97) n where merchant_user_id = 'collector'`,
    });
    const sessions = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const body = { tokenRequestId: freshId('treq'), merchantUserId: 'collector', tokenType: 'CARD' };
        return (await gateway.call('/tokenization/generate', body)).data.tokenSessionId as string;
      }),
    );
    const codes = (await Promise.all(sessions.map((session) => gateway.submit(session, {})))).map(({ code }) => code);
    expect(codes.filter((code) => code === '0')).toHaveLength(2);
    expect(codes.filter((code) => code === 'A0005')).toHaveLength(6);
    expect((await gateway.call('/tokenization/inquiry', { merchantUserId: 'collector' })).data).toHaveLength(100);
  });
});
