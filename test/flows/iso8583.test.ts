/** A gateway whose acquirer is behind an ISO 8583 host: from binding to refund, and what silence comes to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../../packages/gateway/src/connector/iso8583/codec.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { type IsoHost, startIsoHost } from '../kit/iso-host.ts';

let host: IsoHost;
let gateway: TestGateway;
let tokenId: string;
beforeAll(async () => {
  host = await startIsoHost();
  gateway = await startTestGateway({
    WAFFO_ISO8583_URL: `tcp://127.0.0.1:${host.port}`,
    WAFFO_ISO8583_TERMINAL: 'TERM01',
    WAFFO_ISO8583_ACCEPTOR: 'SHOP0001',
    WAFFO_ISO8583_ANSWER_MS: '400',
  });
  await host.arrived('0800');
  tokenId = await gateway.bind();
});
afterAll(async () => {
  await gateway.stop();
  await host.stop();
});

const pay = (fields: object = {}) => gateway.call('/order/create', orderOf(gateway, { tokenId, ...fields }));
const inquire = async (paymentRequestId: unknown) => (await gateway.call('/order/inquiry', { paymentRequestId })).data;
const sent = (mti: string) => host.received.filter((message) => message.mti === mti);

describe('with an ISO 8583 acquirer', () => {
  test('a card is checked with an amount of nothing when it is bound', () => {
    const [check] = sent('0100');
    expect(check && [textOf(check, 4), textOf(check, 25)]).toEqual(['000000000000', '51']);
  });

  test('an order in a currency that it has no letters for is declined, and nothing is asked of the host', async () => {
    const asked = () => host.received.filter(({ mti }) => mti !== '0800').length;
    const before = asked();
    const { code, data } = await pay({ orderCurrency: 'USDC', orderAmount: '10.00' });
    expect([code, data.orderStatus]).toEqual(['0', 'ORDER_CLOSE']);
    expect(asked()).toBe(before);
  });

  test('an order is authorised, captured in part and refunded, through the host', async () => {
    const { data } = await pay({
      orderAmount: '100.00',
      paymentInfo: { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' },
    });
    expect(data.orderStatus).toBe('AUTHED_WAITING_CAPTURE');
    const { acquiringOrderId } = data;
    await gateway.call('/order/capture', { acquiringOrderId, captureAmount: '60.00', captureRequestedAt: now() });
    await gateway.settle();
    expect((await gateway.call('/order/inquiry', { acquiringOrderId })).data).toMatchObject({
      orderStatus: 'PAY_SUCCESS',
      finalDealAmount: '60.00',
    });
    const refund = { acquiringOrderId, refundAmount: '60.00', refundReason: 'returned', requestedAt: now() };
    await gateway.call('/order/refund', { ...refund, refundRequestId: freshId('refund') });
    await gateway.settle();
    expect(sent('0200').map((message) => textOf(message, 3))).toEqual(['000000', '200000']);
  });

  test('an order whose answer is lost is reversed and closed by itself, and is never charged', async () => {
    host.hold('0200');
    const order = orderOf(gateway, { tokenId, orderAmount: '77.00' });
    const before = sent('0200').length;
    expect(await gateway.call('/order/create', order)).toMatchObject({
      code: '0',
      data: { orderStatus: 'ORDER_CLOSE' },
    });
    expect(sent('0400')).toHaveLength(1);
    host.release();
    await gateway.travel(120_000);
    expect(await inquire(order.paymentRequestId)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    expect((await gateway.call('/order/create', order)).data.orderStatus).toBe('ORDER_CLOSE');
    expect([sent('0200').length, sent('0400').length]).toEqual([before + 1, 1]);
  });

  test('a host that stays silent leaves E0001, and the order ends when the host is back', async () => {
    for (const mti of ['0200', '0400']) host.hold(mti);
    const order = orderOf(gateway, { tokenId, orderAmount: '78.00' });
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: 'E0001' });
    expect(await inquire(order.paymentRequestId)).toMatchObject({ orderStatus: 'PAY_IN_PROGRESS' });
    host.release();
    await gateway.travel(3_600_000);
    expect(await inquire(order.paymentRequestId)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    const told = gateway.receiver.events('PAYMENT_NOTIFICATION').map(({ result }) => result);
    expect(told.filter((result) => result.paymentRequestId === order.paymentRequestId)).toHaveLength(1);
  });
});

const now = (): string => gateway.clock.now().toISOString();
