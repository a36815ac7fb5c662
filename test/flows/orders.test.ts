/** What becomes of an order after it was created: authorised, captured, cancelled, refunded, expired. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
let tokenId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  tokenId = await gateway.bind();
});
afterAll(() => gateway.stop());

const manual = { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' };
const create = (fields: object = {}) => gateway.call('/order/create', orderOf(gateway, { tokenId, ...fields }));
const authorized = async (fields: object = {}): Promise<string> =>
  (await create({ paymentInfo: manual, ...fields })).data.acquiringOrderId;
const paid = async (fields: object = {}): Promise<string> => (await create(fields)).data.acquiringOrderId;
const inquire = async (acquiringOrderId: string) => (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
const capture = (acquiringOrderId: string, captureAmount = '100.00') =>
  gateway.call('/order/capture', { acquiringOrderId, captureAmount });
const cancel = (acquiringOrderId: string) => gateway.call('/order/cancel', { acquiringOrderId });
const refund = (acquiringOrderId: string, refundAmount: string, fields: object = {}) =>
  gateway.call('/order/refund', {
    refundRequestId: freshId('r').slice(-32),
    acquiringOrderId,
    refundAmount,
    refundReason: 'Broken spout',
    refundNotifyUrl: gateway.receiver.url,
    ...fields,
  });
const inquireRefund = async (refundRequestId: string) =>
  (await gateway.call('/refund/inquiry', { refundRequestId })).data;
const notified = (eventType: string, id: string) =>
  gateway.receiver
    .events(eventType)
    .map(({ result }) => result)
    .filter((result) => [result.acquiringOrderId, result.refundRequestId].includes(id));
const booked = async (verb: string, acquiringOrderId: string) =>
  Number(
    (
      await gateway.database.rows<{ n: bigint }>(
        {
          name: 'test/booked',
          text: `select count(*) as n from sandbox_transaction s
                 join payment_attempt a on a.attempt_id::text = s.reference
                 left join payment_refund r on r.acquiring_refund_order_id = a.subject_id
                 where s.verb = $1 and s.outcome->>'kind' = 'approved'
                   and coalesce(r.acquiring_order_id, a.subject_id) = $2`,
        },
        [verb, acquiringOrderId],
      )
    )[0]?.n,
  );

describe('manualCapture', () => {
  test('holds the amount and takes nothing until the merchant captures', async () => {
    const created = await create({ paymentInfo: manual });
    expect(created).toMatchObject({ code: '0', data: { orderStatus: 'AUTHED_WAITING_CAPTURE' } });
    const id = created.data.acquiringOrderId;
    await gateway.settle();
    expect(notified('PAYMENT_NOTIFICATION', id)).toEqual([]);
    expect(await capture(id)).toMatchObject({ code: '0', data: { orderStatus: 'CAPTURE_IN_PROGRESS' } });
    await gateway.settle();
    const order = await inquire(id);
    expect(order).toMatchObject({ orderStatus: 'PAY_SUCCESS', finalDealAmount: '100.00' });
    expect(notified('PAYMENT_NOTIFICATION', id)).toEqual([order]);
  });

  test('a part captured is what was finally paid, and all that can be refunded', async () => {
    const id = await authorized();
    await capture(id, '60.00');
    await gateway.settle();
    expect(await inquire(id)).toMatchObject({ orderAmount: '100.00', finalDealAmount: '60.00' });
    expect(await refund(id, '60.01')).toMatchObject({ code: 'A0014' });
    expect(await refund(id, '60.00')).toMatchObject({ code: '0', data: { refundStatus: 'ORDER_FULLY_REFUNDED' } });
  });

  test('is captured once', async () => {
    const id = await authorized();
    expect(await capture(id, '10.00')).toMatchObject({ code: '0' });
    expect(await capture(id, '10.00')).toMatchObject({ code: 'A0036' });
    await gateway.settle();
    expect(await capture(id, '10.00')).toMatchObject({ code: 'A0036' });
    expect(await booked('capture', id)).toBe(1);
  });

  test('a capture that the acquirer refuses leaves the authorisation to be captured again or cancelled', async () => {
    const id = await authorized({ tokenId: await gateway.bind({ pan: '4000000000002008' }) });
    expect(await capture(id)).toMatchObject({ status: 503, code: 'C0005' });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'AUTHED_WAITING_CAPTURE' });
    expect(await cancel(id)).toMatchObject({ code: '0', data: { orderStatus: 'ORDER_CLOSE' } });
  });

  test('nobody captures for a week: the authorisation is given back, and the merchant is told', async () => {
    const id = await authorized();
    await gateway.travel(7 * 24 * 3_600_000);
    const order = await inquire(id);
    expect(order.orderStatus).toBe('ORDER_CLOSE');
    expect(JSON.parse(order.orderFailedReason)).toMatchObject({ orderFailedCode: 'AUTHORIZATION_EXPIRED' });
    expect(notified('PAYMENT_NOTIFICATION', id)).toEqual([order]);
    expect(await booked('void', id)).toBe(1);
  });

  test('whose capture has no known outcome is E0001, is never captured twice, and ends by itself', async () => {
    const id = await authorized();
    expect(await capture(id, '92.00')).toMatchObject({ code: 'E0001' });
    expect(await capture(id, '92.00')).toMatchObject({ code: 'A0036' });
    expect(await cancel(id)).toMatchObject({ code: 'A0016' });
    await gateway.travel(2 * 60_000);
    expect(await inquire(id)).toMatchObject({ orderStatus: 'PAY_SUCCESS', finalDealAmount: '92.00' });
    expect(await booked('capture', id)).toBe(1);
  });
});

describe('cancel', () => {
  test('gives an authorisation back: ORDER_CLOSE in the answer, the inquiry and the notification', async () => {
    const id = await authorized();
    expect(await cancel(id)).toMatchObject({ code: '0', data: { acquiringOrderId: id, orderStatus: 'ORDER_CLOSE' } });
    await gateway.settle();
    const order = await inquire(id);
    expect(JSON.parse(order.orderFailedReason)).toMatchObject({ orderFailedCode: 'CANCELLED' });
    expect(notified('PAYMENT_NOTIFICATION', id)).toEqual([order]);
    expect(await capture(id)).toMatchObject({ code: 'A0036' });
    expect(await cancel(id)).toMatchObject({ code: '0', data: { orderStatus: 'ORDER_CLOSE' } });
    expect(await booked('void', id)).toBe(1);
  });

  test('whose outcome is not known is E0001, holds the order against a capture, and ends by itself', async () => {
    const order = orderOf(gateway, { tokenId, paymentInfo: manual, orderAmount: '92.00' });
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: 'E0001' });
    await gateway.travel(2 * 60_000);
    const { data } = await gateway.call('/order/create', order);
    expect(data.orderStatus).toBe('AUTHED_WAITING_CAPTURE');
    expect(await cancel(data.acquiringOrderId)).toMatchObject({ code: 'E0001' });
    expect(await capture(data.acquiringOrderId, '10.00')).toMatchObject({ code: 'A0036' });
    expect(await cancel(data.acquiringOrderId)).toMatchObject({ code: 'E0001' });
    await gateway.travel(2 * 60_000);
    expect(await inquire(data.acquiringOrderId)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    expect(await booked('void', data.acquiringOrderId)).toBe(1);
  });

  test('another merchant cannot cancel, capture, refund or read it', async () => {
    const id = await authorized();
    const as = gateway.pci;
    for (const [path, body] of [
      ['/order/cancel', { acquiringOrderId: id }],
      ['/order/capture', { acquiringOrderId: id, captureAmount: '1.00' }],
      ['/order/inquiry', { acquiringOrderId: id }],
      ['/order/refund', { refundRequestId: 'x', acquiringOrderId: id, refundAmount: '1.00', refundReason: 'x' }],
    ] as const)
      expect(await gateway.call(path, body, as)).toMatchObject({ code: 'A0009' });
  });
});

describe('refund', () => {
  test('in parts, to the last cent: each answer, inquiry and notification agree', async () => {
    const id = await paid();
    const first = await refund(id, '30.00', { merchantRefundOrderId: 'mr_1', extendInfo: '{"a":1}' });
    expect(first.data).toEqual({
      refundRequestId: expect.any(String),
      merchantRefundOrderId: 'mr_1',
      acquiringOrderId: id,
      acquiringRefundOrderId: expect.stringMatching(/^R2026\w{1,27}$/),
      refundAmount: '30.00',
      refundStatus: 'ORDER_PARTIALLY_REFUNDED',
      remainingRefundAmount: '70.00',
      refundSource: 'MERCHANT',
    });
    await gateway.settle();
    const record = await inquireRefund(first.data.refundRequestId);
    expect(notified('REFUND_NOTIFICATION', first.data.refundRequestId)).toEqual([record]);
    expect(record).toMatchObject({ finalDealAmount: '30.00', refundReason: 'Broken spout', extendInfo: '{"a":1}' });
    const last = await refund(id, '70.00');
    expect(last.data).toMatchObject({ refundStatus: 'ORDER_FULLY_REFUNDED', remainingRefundAmount: '0.00' });
    expect(await refund(id, '0.01')).toMatchObject({ code: 'A0014' });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
  });

  test('the same request is refunded once, and answers what has become of it', async () => {
    const id = await paid();
    const body = { refundRequestId: freshId('r').slice(-32) };
    const answers = await Promise.all(Array.from({ length: 20 }, () => refund(id, '40.00', body)));
    expect([...new Set(answers.map(({ raw }) => raw))]).toHaveLength(1);
    expect(await booked('refund', id)).toBe(1);
    expect(await refund(id, '41.00', body)).toMatchObject({ code: 'A0011' });
  });

  test('whose outcome is not known is E0001, keeps its part aside, and ends by itself', async () => {
    const id = await paid();
    const body = { refundRequestId: freshId('r').slice(-32) };
    expect(await refund(id, '92.00', body)).toMatchObject({ code: 'E0001' });
    expect(await refund(id, '92.00', body)).toMatchObject({ data: { refundStatus: 'REFUND_IN_PROGRESS' } });
    expect(await refund(id, '8.01')).toMatchObject({ code: 'A0014' });
    await gateway.travel(2 * 60_000);
    const record = await inquireRefund(body.refundRequestId);
    expect(record).toMatchObject({ refundStatus: 'ORDER_PARTIALLY_REFUNDED', remainingRefundAmount: '8.00' });
    expect(notified('REFUND_NOTIFICATION', body.refundRequestId)).toEqual([record]);
    expect(await booked('refund', id)).toBe(1);
  });

  test('that the acquirer refuses is a result, with its reason, and can be asked for again', async () => {
    const id = await paid({ tokenId: await gateway.bind({ pan: '4000000000002024' }) });
    const refused = await refund(id, '100.00');
    expect(refused).toMatchObject({
      code: '0',
      data: { refundStatus: 'ORDER_REFUND_FAILED', remainingRefundAmount: '100.00' },
    });
    await gateway.settle();
    const record = await inquireRefund(refused.data.refundRequestId);
    expect(JSON.parse(record.refundFailedReason)).toMatchObject({ orderFailedCode: 'PROCESSING_ERROR' });
    expect(notified('REFUND_NOTIFICATION', refused.data.refundRequestId)).toEqual([record]);
  });

  test('of an order that is not paid, or whose refund period is over, is A0014', async () => {
    expect(await refund(await authorized(), '1.00')).toMatchObject({ code: 'A0014' });
    const id = await paid();
    await gateway.database.rows(
      {
        name: 'test/long-ago',
        text: `update payment_order set completed_at = completed_at - interval '181 days' where acquiring_order_id = $1`,
      },
      [id],
    );
    expect(await refund(id, '1.00')).toMatchObject({ code: 'A0014' });
  });

  test('without a notify URL tells nobody, and never the URL of the order', async () => {
    const id = await paid();
    const { data } = await refund(id, '1.00', { refundNotifyUrl: undefined });
    await gateway.settle();
    expect(notified('REFUND_NOTIFICATION', data.refundRequestId)).toEqual([]);
  });
});

describe('at once', () => {
  test('capture and cancel: one of them wins, and money agrees with the status', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await authorized();
      const [captured, cancelled] = await Promise.all([capture(id), cancel(id)]);
      await gateway.settle();
      const { orderStatus } = await inquire(id);
      expect([captured.code, cancelled.code].filter((code) => code === '0')).toHaveLength(1);
      expect(orderStatus).toBe(captured.code === '0' ? 'PAY_SUCCESS' : 'ORDER_CLOSE');
      expect([await booked('capture', id), await booked('void', id)]).toEqual(captured.code === '0' ? [1, 0] : [0, 1]);
    }
  });

  test('50 captures take the amount once', async () => {
    const id = await authorized();
    const answers = await Promise.all(Array.from({ length: 50 }, () => capture(id, '50.00')));
    expect(answers.filter(({ code }) => code === '0')).toHaveLength(1);
    expect(await booked('capture', id)).toBe(1);
  });

  test('60 refunds of a tenth pay back ten', async () => {
    const id = await paid();
    const answers = await Promise.all(Array.from({ length: 60 }, () => refund(id, '10.00')));
    expect(answers.filter(({ code }) => code === '0')).toHaveLength(10);
    expect(answers.filter(({ code }) => code === 'A0014')).toHaveLength(50);
    expect(await booked('refund', id)).toBe(10);
  });

  test('60 refunds of a cent pay back fifty, and the rest is A0027', async () => {
    const id = await paid();
    const answers = await Promise.all(Array.from({ length: 60 }, () => refund(id, '0.01')));
    expect(answers.filter(({ code }) => code === '0')).toHaveLength(50);
    expect(answers.filter(({ code }) => code === 'A0027')).toHaveLength(10);
  });
});
