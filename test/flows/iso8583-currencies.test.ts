/** A currency that ISO 8583 has no letters for is declined before anything is sent. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { type IsoHost, startIsoHost } from '../kit/iso-host.ts';

let host: IsoHost;
let gateway: TestGateway;
beforeAll(async () => {
  host = await startIsoHost();
  gateway = await startTestGateway({
    WAFFO_ISO8583_URL: `tcp://127.0.0.1:${host.port}`,
    WAFFO_ISO8583_TERMINAL: 'TERM01',
    WAFFO_ISO8583_ACCEPTOR: 'SHOP0001',
    WAFFO_ISO8583_ANSWER_MS: '400',
  });
  await host.arrived('0800');
});
afterAll(async () => {
  await gateway.stop();
  await host.stop();
});

test('an order in a currency that the host cannot be told of ends, and nothing is asked of the host', async () => {
  const tokenId = await gateway.bind();
  const order = orderOf(gateway, { tokenId, orderCurrency: 'USDC', orderAmount: '10.00' });
  const { code, data } = await gateway.call('/order/create', order);
  expect([code, data.orderStatus]).toEqual(['0', 'ORDER_CLOSE']);
  expect(host.received.filter(({ mti }) => mti !== '0800' && mti !== '0100')).toEqual([]);
});
