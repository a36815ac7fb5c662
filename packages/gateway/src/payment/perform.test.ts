import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { orderOf, startTestGateway, type TestGateway } from '../../../../test/kit/gateway.ts';
import type { Connector } from '../connector/connector.ts';
import { CommitUnknown, DatabaseUnavailable } from '../storage/failures.ts';

let gateway: TestGateway;
let connector: Connector;
beforeAll(async () => {
  gateway = await startTestGateway();
  connector = gateway.app.gateway.connectors.of(gateway.merchant.merchantId);
});
afterAll(() => gateway.stop());

const attempts = (acquiringOrderId: string) =>
  gateway.database.rows<{ status: string; decline_reason: string | null }>(
    { name: 'test/attempts-of', text: 'select status, decline_reason from payment_attempt where subject_id = $1' },
    [acquiringOrderId],
  );

/** The database as handlers get it for the ordinary merchant: the same object each time, so that it can be made to fail. */
function merchantsDatabase() {
  const whole = gateway.app.gateway.database;
  const database = whole.ofMerchant(gateway.merchant.merchantId);
  const scoped = vi.spyOn(whole, 'ofMerchant').mockReturnValue(database);
  return { database, release: () => scoped.mockRestore() };
}

describe('a call to the acquirer', () => {
  test('is written down, as SENDING, before it is made', async () => {
    const tokenId = await gateway.bind();
    let seen: unknown;
    const spy = vi.spyOn(connector, 'purchase').mockImplementationOnce(async (call) => {
      seen = await gateway.database.rows(
        { name: 'test/attempt-now', text: 'select status, verb from payment_attempt where attempt_id = $1' },
        [call.reference],
      );
      return { kind: 'declined', reason: 'DO_NOT_HONOR' };
    });
    await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    expect(seen).toEqual([{ status: 'SENDING', verb: 'purchase' }]);
    spy.mockRestore();
  });

  test('that breaks is unknown, never a decline; the acquirer has not seen it, so the order closes unpaid', async () => {
    const tokenId = await gateway.bind();
    const spy = vi.spyOn(connector, 'purchase').mockRejectedValueOnce(new Error('connection reset'));
    const order = orderOf(gateway, { tokenId });
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: 'E0001' });
    spy.mockRestore();
    const { data } = await gateway.call('/order/create', order);
    expect(data.orderStatus).toBe('PAY_IN_PROGRESS');
    await gateway.travel(2 * 60_000);
    expect(await attempts(data.acquiringOrderId)).toEqual([{ status: 'DECLINED', decline_reason: 'NEVER_RECEIVED' }]);
    const closed = await gateway.call('/order/inquiry', { acquiringOrderId: data.acquiringOrderId });
    expect(closed.data.orderStatus).toBe('ORDER_CLOSE');
  });

  test('is not made with a card whose record was tampered with: nothing was sent, so nothing is unknown', async () => {
    const tokenId = await gateway.bind();
    const spy = vi.spyOn(connector, 'purchase');
    await gateway.database.rows(
      {
        name: 'test/tamper',
        text: `update vault_card c set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
               from token t where t.token_id = $1 and t.card_id = c.card_id`,
      },
      [tokenId],
    );
    const created = await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    expect(created).toMatchObject({ code: '0', data: { orderStatus: 'ORDER_CLOSE' } });
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  test('that is still on its way when somebody was told it never arrived takes nothing', async () => {
    const tokenId = await gateway.bind();
    let send: (() => Promise<unknown>) | undefined;
    const purchase = connector.purchase.bind(connector);
    const spy = vi.spyOn(connector, 'purchase').mockImplementationOnce(async (call) => {
      const late = { ...call, card: { ...call.card, pan: Buffer.from('4111111111111111') } as typeof call.card };
      send = () => purchase(late);
      return { kind: 'unknown' };
    });
    const order = orderOf(gateway, { tokenId });
    await gateway.call('/order/create', order);
    await gateway.travel(2 * 60_000);
    expect(await send?.()).toEqual({ kind: 'declined', reason: 'NEVER_RECEIVED' });
    spy.mockRestore();
  });

  test('that the acquirer cannot tell about is asked for again, later and later, and charged once', async () => {
    const tokenId = await gateway.bind();
    const order = orderOf(gateway, { tokenId, orderAmount: '92.00' });
    const asked: Date[] = [];
    const inquire = connector.inquire.bind(connector);
    const spy = vi.spyOn(connector, 'inquire').mockImplementation(async (reference) => {
      asked.push(gateway.clock.now());
      return asked.length < 4 ? { kind: 'unknown' } : inquire(reference);
    });
    const start = gateway.clock.now().getTime();
    await gateway.call('/order/create', order);
    await gateway.travel(3 * 3_600_000);
    spy.mockRestore();
    expect(asked.map((at) => (at.getTime() - start) / 60_000)).toEqual([1, 2, 7, 37]);
    const { data } = await gateway.call('/order/inquiry', { paymentRequestId: order.paymentRequestId });
    expect(data.orderStatus).toBe('PAY_SUCCESS');
  });

  test('whose outcome cannot be written down at once is never reported as not done', async () => {
    const tokenId = await gateway.bind();
    const order = orderOf(gateway, { tokenId });
    const { database, release } = merchantsDatabase();
    let outages = 0;
    const transaction = database.transaction.bind(database);
    const purchase = connector.purchase.bind(connector);
    const called = vi.spyOn(connector, 'purchase').mockImplementation(async (call) => {
      const outcome = await purchase(call);
      away.mockImplementation(async (work) => {
        outages += 1;
        if (outages < 20) throw new DatabaseUnavailable('away');
        return transaction(work);
      });
      return outcome;
    });
    const away = vi.spyOn(database, 'transaction');
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: 'E0001', signed: true });
    expect(outages).toBe(4);
    away.mockRestore();
    called.mockRestore();
    release();
    await gateway.travel(2 * 60_000);
    const { data } = await gateway.call('/order/inquiry', { paymentRequestId: order.paymentRequestId });
    expect(data.orderStatus).toBe('PAY_SUCCESS');
  });

  test('whose outcome is written down at the second try is answered as if nothing had been', async () => {
    const tokenId = await gateway.bind();
    const { database, release } = merchantsDatabase();
    const transaction = database.transaction.bind(database);
    const away = vi.spyOn(database, 'transaction');
    const purchase = connector.purchase.bind(connector);
    const called = vi.spyOn(connector, 'purchase').mockImplementation(async (call) => {
      const outcome = await purchase(call);
      away.mockImplementationOnce(async (work) => {
        await transaction(work);
        throw new CommitUnknown('the answer to the commit was lost');
      });
      return outcome;
    });
    const created = await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    expect(created).toMatchObject({ code: '0', data: { orderStatus: 'PAY_SUCCESS' } });
    away.mockRestore();
    called.mockRestore();
    release();
  });

  test('that was in doubt after a crash does not make a repeat wait for it', async () => {
    const tokenId = await gateway.bind();
    const order = orderOf(gateway, { tokenId, orderAmount: '92.00' });
    await gateway.call('/order/create', order);
    await gateway.database.rows({
      name: 'test/as-after-a-crash',
      text: `update payment_attempt set status = 'SENDING' where status = 'UNKNOWN'`,
    });
    const spy = vi.spyOn(connector, 'inquire').mockResolvedValue({ kind: 'unknown' });
    await gateway.travel(60_000);
    expect(await gateway.call('/order/create', order)).toMatchObject({
      code: '0',
      data: { orderStatus: 'PAY_IN_PROGRESS' },
    });
    spy.mockRestore();
  });

  test('is written down in two ways to the database, before and after, once its token has nothing more to learn', async () => {
    const tokenId = await gateway.bind();
    const { database, release } = merchantsDatabase();
    await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    const [atOnce, carefully] = [vi.spyOn(database, 'atOnce'), vi.spyOn(database, 'transaction')];
    const { data } = await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    expect(data.orderStatus).toBe('PAY_SUCCESS');
    expect([atOnce.mock.calls.length, carefully.mock.calls.length]).toEqual([2, 0]);
    for (const spy of [atOnce, carefully]) spy.mockRestore();
    release();
  });

  test('is neither lost nor made twice when what was expected is not so', async () => {
    const tokenId = await gateway.bind();
    await gateway.call('/order/create', orderOf(gateway, { tokenId }));
    await gateway.database.rows({
      name: 'test/forget-name',
      text: `update token set network_transaction_id = null where token_id = '${tokenId}'`,
    });
    const order = orderOf(gateway, { tokenId });
    const answers = await Promise.all([1, 2, 3].map(() => gateway.call('/order/create', order)));
    const [first] = answers;
    expect(answers.map(({ data }) => data.acquiringOrderId)).toEqual(Array(3).fill(first?.data.acquiringOrderId));
    expect(await attempts(first?.data.acquiringOrderId)).toEqual([{ status: 'APPROVED', decline_reason: null }]);
    const [token] = await gateway.database.rows<{ named: boolean }>({
      name: 'test/is-named',
      text: `select network_transaction_id is not null as named from token where token_id = '${tokenId}'`,
    });
    expect(token).toEqual({ named: true });
  });
});
