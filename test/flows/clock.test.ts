/** Merchants' clocks: whatever is due, expires or is stamped obeys the clock of its merchant, and of no other. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findClock } from '../../packages/gateway/src/job/clock.store.ts';
import {
  advanceClock,
  freezeClock,
  type Journey,
  releaseClock,
  showClock,
} from '../../packages/gateway/src/job/travel.ts';
import { statement } from '../../packages/gateway/src/storage/database.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper, startChallenge } from '../kit/shopper.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const forget = statement('test/forget-clocks', 'delete from merchant_clock');
// A clock never goes back; a test begins where the last one's merchant was in real time all the same.
afterEach(async () => {
  await gateway.app.gateway.database.rows(forget);
});

const hour = 3_600_000;
const merchantId = () => gateway.merchant.merchantId;
const advance = (where: Journey, of = merchantId()) =>
  advanceClock(gateway.app.gateway, of, where, gateway.app.gateway);
const freeze = (at?: string) => freezeClock(gateway.app.gateway, merchantId(), at, gateway.app.gateway);
const inMs = (ms: number) => new Date(gateway.clock.now().getTime() + ms);
const inquire = async (acquiringOrderId: string, as = gateway.merchant) =>
  (await gateway.call('/order/inquiry', { acquiringOrderId }, as)).data;
const waiting = async (as = gateway.merchant) =>
  (await gateway.call('/order/create', orderOf(gateway, { orderExpiredAt: inMs(2 * hour).toISOString() }), as)).data
    .acquiringOrderId as string;
const openSession = async (as = gateway.merchant) => {
  const tokenRequestId = freshId('treq');
  const { data } = await gateway.call(
    '/tokenization/generate',
    { tokenRequestId, merchantUserId: 'user_1', tokenType: 'CARD', notifyUrl: gateway.receiver.url },
    as,
  );
  return { tokenRequestId, tokenSessionId: data.tokenSessionId as string };
};

describe('what ends by the clock', () => {
  test('an order closes at its very moment, and the merchant is told then', async () => {
    const expires = inMs(2 * hour);
    const id = await waiting();
    await advance({ by: '1h' });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    const { now } = await advance({ by: '3h' });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'ORDER_CLOSE', orderCompletedAt: expires.toISOString() });
    const told = gateway.receiver.events('PAYMENT_NOTIFICATION').find(({ result }) => result.acquiringOrderId === id);
    expect(told?.result).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    expect(now).toEqual(inMs(4 * hour));
  });

  test('a session takes no card any more', async () => {
    const { tokenSessionId } = await openSession();
    await advance({ by: '1d' });
    const late = await gateway.submit(tokenSessionId, testCard);
    expect(late.msg).toContain('tokenSessionId: expired');
  });

  test('a challenge is over, and its link with it', async () => {
    const challenge = await startChallenge(gateway);
    await advance({ by: '1h' });
    expect((await newShopper().visit(challenge.validateUrl)).text).toContain('The time is over');
    const told = gateway.receiver
      .events('TOKENIZATION_NOTIFICATION')
      .filter(({ result }) => result.tokenRequestId === challenge.tokenRequestId);
    expect(told.map(({ result }) => JSON.parse(result.failedReason).tokenFailedCode)).toEqual([
      'AUTHENTICATION_EXPIRED',
    ]);
  });

  test('a card expires', async () => {
    await freeze('2027-02-28T23:59:00.000Z');
    const [first, last] = [await openSession(), await openSession()];
    expect(await gateway.submit(first.tokenSessionId, { expiry: '02/2027' })).toMatchObject({ code: '0' });
    await advance({ by: '2m' });
    expect((await gateway.submit(last.tokenSessionId, { expiry: '02/2027' })).msg).toContain('the card has expired');
  });

  test('what is made afterwards bears the time of the merchant', async () => {
    await freeze('2027-06-01T00:00:00.000Z');
    const { data } = await gateway.call('/order/create', orderOf(gateway, {}));
    await gateway.settle();
    expect(await inquire(data.acquiringOrderId)).toMatchObject({
      orderExpiredAt: expect.stringMatching(/^2027-06-01T/),
    });
  });
});

describe('a clock', () => {
  test('is of one merchant: the other one lives in real time', async () => {
    const mine = await waiting();
    const other = await waiting(gateway.pci);
    await advance({ by: '3h' });
    expect(await inquire(mine)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    expect(await inquire(other, gateway.pci)).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    expect(await showClock(gateway.app.gateway, gateway.pci.merchantId)).toMatchObject({ state: 'real' });
  });

  test('that stands still holds everything back, however much real time passes', async () => {
    const id = await waiting();
    const { now } = await freeze();
    await gateway.travel(3 * hour);
    expect(await inquire(id)).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    expect(await showClock(gateway.app.gateway, merchantId())).toMatchObject({ state: 'frozen', now });
    expect(await releaseClock(gateway.app.gateway, merchantId(), gateway.app.gateway)).toMatchObject({ state: 'real' });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
  });

  test('runs on ahead when it is released, and does not go back', async () => {
    await freeze(inMs(24 * hour).toISOString());
    const shown = await releaseClock(gateway.app.gateway, merchantId(), gateway.app.gateway);
    expect(shown).toMatchObject({ state: 'ahead', now: inMs(24 * hour) });
    await expect(advance({ to: inMs(hour).toISOString() })).rejects.toThrow('does not go back');
  });

  test('goes to where something falls due next, and there does it', async () => {
    await advance({ by: '30d' });
    const id = (await gateway.call('/order/create', orderOf(gateway))).data.acquiringOrderId;
    const { orderExpiredAt } = await inquire(id);
    expect(await advance({ toNextDue: true })).toMatchObject({ now: new Date(orderExpiredAt) });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
  });

  test('whose trip was cut short is taken up again, and arrives once', async () => {
    const id = await waiting();
    const target = inMs(5 * hour);
    const cut = advanceClock(
      gateway.app.gateway,
      merchantId(),
      { by: '5h' },
      {
        nudge: gateway.app.gateway.nudge,
        onStop: () => {
          throw new Error('killed');
        },
      },
    );
    await expect(cut).rejects.toThrow('killed');
    expect(await showClock(gateway.app.gateway, merchantId())).toMatchObject({ state: 'travelling', target });
    await expect(advance({ resume: true })).rejects.toThrow('wait for it');
    gateway.clock.moveTo(inMs(11_000));
    expect(await advance({ resume: true })).toMatchObject({ state: 'ahead', now: target });
    expect(await inquire(id)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    expect(await findClock(gateway.app.gateway.database, merchantId())).toMatchObject({ target: undefined });
  });

  test('of a live merchant is real', async () => {
    const live = {
      ...gateway.app.gateway,
      config: { ...gateway.app.gateway.config, environment: 'production' as const },
    };
    await expect(advanceClock(live, merchantId(), { by: '1d' })).rejects.toThrow('live merchants live in real time');
  });
});

/** Real time, whatever a merchant lives in: what guards and proves, and the books of another house. */
const realTables = /^(vault_|access_|audit_|merchant|platform_key|limit|card_tr|sandbox_)/;

const timesOf = statement<{ table: string; columns: string[] }>(
  'test/times-of',
  `select c.table_name as table, array_agg(c.column_name::text) as columns from information_schema.columns c
   where c.table_schema = current_schema() and c.data_type = 'timestamp with time zone' and exists (
     select from information_schema.columns m
     where m.table_schema = c.table_schema and m.table_name = c.table_name and m.column_name = 'merchant_id')
   group by 1`,
);

/** Every time that is stored for a merchant, with the table and column, and enough of the row to tell rows apart. */
async function storedTimes(): Promise<Map<string, string>> {
  const times = new Map<string, string>();
  const { database } = gateway.app.gateway;
  for (const { table, columns } of await database.rows(timesOf)) {
    if (realTables.test(table)) continue;
    // The merchant's own word, not ours.
    for (const column of columns.filter((name) => name !== 'requested_at')) {
      const text = `select ${column} as at, to_jsonb(t)::text as row from ${table} t where merchant_id = $1 and ${column} is not null`;
      const rows = await database.rows<{ at: Date; row: string }>({ name: `test/${table}-${column}`, text }, [
        merchantId(),
      ]);
      for (const { at, row } of rows) times.set(`${table}.${column} ${row}`, at.toISOString());
    }
  }
  return times;
}

test('no operation forgets the clock: nothing that it stores bears another time', async () => {
  const began = '2028-01-01T00:00:00.000Z';
  await freeze(began);
  const before = await storedTimes();
  const tokenId = await gateway.bind();
  await startChallenge(gateway);
  const pay = async (fields: object = {}) =>
    (await gateway.call('/order/create', orderOf(gateway, { tokenId, ...fields }))).data.acquiringOrderId;
  const paid = await pay();
  await gateway.settle();
  const refund = {
    acquiringOrderId: paid,
    refundRequestId: freshId('r').slice(-32),
    refundAmount: '1.00',
    refundReason: 'x',
  };
  expect(await gateway.call('/order/refund', refund)).toMatchObject({ code: '0' });
  const paymentInfo = { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' };
  for (const [path, body] of [
    ['/order/cancel', { acquiringOrderId: await pay({ paymentInfo }) }],
    ['/order/capture', { acquiringOrderId: await pay({ paymentInfo }), captureAmount: '100.00' }],
    ['/tokenization/remove', { tokenId, tokenType: 'CARD' }],
  ] as const)
    expect(await gateway.call(path, body)).toMatchObject({ code: '0' });
  await gateway.settle();
  const after = [...(await storedTimes())].filter(([key]) => !before.has(key));
  const tables = new Set(after.map(([key]) => key.split('.')[0]));
  expect([...tables]).toEqual(
    expect.arrayContaining([
      'delivery',
      'job',
      'outbox',
      'payment_attempt',
      'payment_order',
      'payment_refund',
      'token',
    ]),
  );
  const strays = after.filter(([, at]) => at < began).map(([key, at]) => `${key.split(' ')[0]} ${at}`);
  expect([...new Set(strays)]).toEqual([]);
});
