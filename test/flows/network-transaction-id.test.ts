/** What ties a payment without the shopper to the one he agreed with: kept from the first, carried by all later ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AcquirerCall } from '../../packages/gateway/src/connector/connector.ts';
import { orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
/** What the acquirer was asked, the latest last. */
const asked: AcquirerCall[] = [];
beforeAll(async () => {
  gateway = await startTestGateway();
  const acquirer = gateway.app.gateway.connectors.of('');
  const { purchase } = acquirer;
  Object.assign(acquirer, {
    purchase(call: AcquirerCall) {
      asked.push(call);
      return purchase(call);
    },
  });
});
afterAll(() => gateway.stop());

const pay = (tokenId: string, mode?: 'scheduled' | 'unscheduled', fields: object = {}) =>
  gateway.call(
    '/order/create',
    orderOf(gateway, {
      tokenId,
      paymentInfo: { productName: 'ONE_TIME_PAYMENT', ...(mode && { merchantInitiatedMode: mode }) },
      ...fields,
    }),
  );

/** As the acquirer answered, the oldest first. */
const answered = async () =>
  (
    await gateway.database.rows<{ id: string }>({
      name: 'test/answered',
      text: `select network_transaction_id as id from payment_attempt where network_transaction_id is not null order by attempt_id`,
    })
  ).map(({ id }) => id);

const keptOf = async (tokenId: string) =>
  (
    await gateway.database.rows<{ id: string | null }>(
      { name: 'test/kept', text: 'select network_transaction_id as id from token where token_id = $1' },
      [tokenId],
    )
  )[0]?.id;

/** As a token that came from another vault. */
const forget = (tokenId: string) =>
  gateway.database.rows(
    { name: 'test/forget', text: 'update token set network_transaction_id = null where token_id = $1' },
    [tokenId],
  );

describe('the network transaction id', () => {
  test('of the check at binding is carried by each payment without the shopper, and by none with him', async () => {
    const tokenId = await gateway.bind();
    const [checked] = (await answered()).slice(-1);
    await pay(tokenId);
    expect(asked.at(-1)).toMatchObject({ initiator: 'CIT', networkTransactionId: undefined });
    for (const mode of ['scheduled', 'unscheduled'] as const) {
      expect((await pay(tokenId, mode)).data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
      expect(asked.at(-1)).toMatchObject({ initiator: 'MIT', networkTransactionId: checked });
    }
    expect((await answered()).slice(-2)).toEqual([checked, checked]);
  });

  test('of the first approved payment is kept where there was none; a declined one and later ones change nothing', async () => {
    const tokenId = await gateway.bind();
    await forget(tokenId);
    await pay(tokenId);
    const [first] = (await answered()).slice(-1);
    expect(await keptOf(tokenId)).toBe(first);
    await pay(tokenId);
    expect(await keptOf(tokenId)).toBe(first);

    const declined = await gateway.bind({ pan: '4000000000000341' });
    await forget(declined);
    await pay(declined);
    expect(await keptOf(declined)).toBeNull();
  });

  test('of a payment whose outcome was found out later is kept as well', async () => {
    const tokenId = await gateway.bind();
    await forget(tokenId);
    expect(await pay(tokenId, undefined, { orderAmount: '92.00' })).toMatchObject({ code: 'E0001' });
    expect(await keptOf(tokenId)).toBeNull();
    await gateway.travel(60_000);
    expect(await keptOf(tokenId)).toBe((await answered()).at(-1));
  });

  test('is not needed: a payment of a verified token without one is sent all the same', async () => {
    const tokenId = await gateway.bind({ pan: '4000000000001091' });
    await forget(tokenId);
    expect((await pay(tokenId, 'scheduled')).data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
    expect(asked.at(-1)).toMatchObject({ initiator: 'MIT', networkTransactionId: undefined });
    expect(await keptOf(tokenId)).toBeNull();
  });
});
