/**
 * Card testing: somebody with a list of card numbers and a merchant's public page tries to find out which of them live.
 * Each limit by itself, through the whole gateway; `limits/card-tries.test.ts` has the attack at size.
 */
import type { CardInput } from '@waffo/protocol/envelope/record';
import { seal } from '@waffo/protocol/envelope/seal';
import { afterEach, describe, expect, test } from 'vitest';
import { advanceClock } from '../../packages/gateway/src/job/travel.ts';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { testCard } from '../kit/test-card.ts';

const minute = 60_000;
/** Declined by its issuer: what most numbers of a list are. */
const deadCard = '4576750000000220';
const gateways: TestGateway[] = [];
const guarded = async (): Promise<TestGateway> => {
  const gateway = await startTestGateway({
    WAFFO_LIMITS: 'on',
    WAFFO_MERCHANT_RATE: '10000',
    WAFFO_NETWORK_RATE: '10000',
    WAFFO_TRUSTED_PROXIES: '127.0.0.1',
    WAFFO_LOG_LEVEL: 'error',
  });
  gateways.push(gateway);
  return gateway;
};
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

const openSession = async (gateway: TestGateway, merchantUserId = freshId('u')): Promise<string> =>
  (
    await gateway.call('/tokenization/generate', {
      tokenRequestId: freshId('t'),
      merchantUserId,
      tokenType: 'CARD',
    })
  ).data.tokenSessionId;

async function submitFrom(
  gateway: TestGateway,
  address: string,
  tokenSessionId: string,
  card: Partial<CardInput>,
): Promise<Answer> {
  const encryptedCard = await seal(tokenSessionId, { ...testCard, ...card });
  return gateway.send('/api/v1/tokenization/submit', JSON.stringify({ tokenSessionId, encryptedCard }), {
    'content-type': 'application/json',
    'x-api-key': gateway.merchant.clientApiKey,
    'x-forwarded-for': address,
  });
}

/** How often issuers were asked, as the acquirer's own books say. */
async function issuerCalls(gateway: TestGateway): Promise<number> {
  const [row] = await gateway.database.rows<{ calls: bigint }>({
    name: 'test/issuer-calls',
    text: `select count(*) as calls from sandbox_transaction where verb = 'verify'`,
  });
  return Number(row?.calls ?? 0);
}

const wait = (gateway: TestGateway, ms: number) => gateway.clock.moveTo(new Date(gateway.clock.now().getTime() + ms));

describe('card testing', () => {
  test('a network submits twenty cards in ten minutes; then it is blocked for an hour, and others are not', async () => {
    const gateway = await guarded();
    const from = async (address: string) =>
      submitFrom(gateway, address, await openSession(gateway), { pan: '4111111111111111' });
    for (let i = 0; i < 20; i++) expect((await from('2001:db8::1')).code).toBe('0');
    const blocked = await from('2001:db8::ffff:2');
    expect(blocked).toMatchObject({ status: 429, code: 'C0001' });
    expect(blocked.headers.get('retry-after')).toBe('3600');
    expect((await from('2001:db8:0:1::1')).code).toBe('0');
    wait(gateway, 59 * minute);
    expect((await from('2001:db8::1')).status).toBe(429);
    wait(gateway, 2 * minute);
    expect((await from('2001:db8::1')).code).toBe('0');
  });

  test('a session reaches the issuer once, however often it is submitted', async () => {
    const gateway = await guarded();
    const session = await openSession(gateway);
    for (let i = 0; i < 15; i++)
      await submitFrom(gateway, `198.51.100.${i}`, session, { pan: deadCard, cvv: `10${i % 10}` });
    expect(await issuerCalls(gateway)).toBe(1);
  });

  test('many at once are not judged before one has failed', async () => {
    const gateway = await guarded();
    const sessions = await Promise.all(Array.from({ length: 40 }, () => openSession(gateway)));
    await Promise.all(sessions.map((session, i) => submitFrom(gateway, `198.51.100.${i}`, session, { pan: deadCard })));
    expect(await issuerCalls(gateway)).toBeLessThanOrEqual(5);
  });

  test('one card is shown to its issuer five times a day while it fails, also by two merchants, and declined alike', async () => {
    const gateway = await guarded();
    const declines: Answer[] = [];
    for (let i = 0; i < 7; i++) {
      wait(gateway, 11 * minute);
      declines.push(await submitFrom(gateway, `198.51.100.${i}`, await openSession(gateway), { pan: deadCard }));
    }
    expect(await issuerCalls(gateway)).toBe(5);
    expect(new Set(declines.map(({ raw }) => raw)).size).toBe(1);
    const elsewhere = await gateway.call(
      '/tokenization/generate',
      {
        tokenRequestId: freshId('t'),
        merchantUserId: freshId('u'),
        tokenType: 'CARD',
        tokenData: { pan: deadCard, expiry: '12/2030', cvv: '123' },
      },
      gateway.pci,
    );
    expect(elsewhere.code).toBe('C0005');
    expect(await issuerCalls(gateway)).toBe(5);
    wait(gateway, 25 * 60 * minute);
    await submitFrom(gateway, '198.51.100.1', await openSession(gateway), { pan: deadCard });
    expect(await issuerCalls(gateway)).toBe(6);
  });

  test('a card that works is bound as often as its holder likes', async () => {
    const gateway = await guarded();
    for (let i = 0; i < 12; i++) {
      const answer = await submitFrom(gateway, `203.0.113.${i}`, await openSession(gateway), {});
      expect(answer.code).toBe('0');
    }
  });

  test('a user binds ten new cards a day', async () => {
    const gateway = await guarded();
    const codes: string[] = [];
    for (let i = 0; i < 11; i++) {
      codes.push((await submitFrom(gateway, `203.0.113.${i}`, await openSession(gateway, 'collector'), {})).code);
    }
    expect(codes).toEqual([...Array(10).fill('0'), 'A0005']);
    wait(gateway, 25 * 60 * minute);
    expect((await submitFrom(gateway, '203.0.113.1', await openSession(gateway, 'collector'), {})).code).toBe('0');
  });

  test('nothing that was counted tells a card, a user or an address', async () => {
    const gateway = await guarded();
    await submitFrom(gateway, '198.51.100.77', await openSession(gateway, 'somebody_known'), {});
    const rows = await gateway.database.rows<{ mark: Buffer }>({
      name: 'test/marks',
      text: 'select * from limit_count',
    });
    expect(rows.length).toBeGreaterThanOrEqual(5);
    const text = JSON.stringify(rows) + rows.map(({ mark }) => mark.toString('latin1')).join();
    for (const secret of ['4111', '198.51', 'somebody']) expect(text).not.toContain(secret);
  });
});

describe('a card that is charged without its holder', () => {
  /** An acquirer that declines what comes without the shopper, for this reason. */
  function declining(gateway: TestGateway, reason: string): { calls: number; stop(): void } {
    const acquirer = gateway.app.gateway.connectors.of('');
    const { purchase } = acquirer;
    const seen = { calls: 0, stop: () => Object.assign(acquirer, { purchase }) };
    Object.assign(acquirer, {
      async purchase(call: Parameters<typeof purchase>[0]) {
        if (call.initiator === 'CIT') return purchase(call);
        seen.calls += 1;
        return { kind: 'declined', reason };
      },
    });
    return seen;
  }

  type As = 'merchant' | 'pci';
  const pay = (gateway: TestGateway, as: As, tokenId: string, mode?: string) =>
    gateway.call(
      '/order/create',
      orderOf(gateway, {
        tokenId,
        paymentInfo: { productName: 'ONE_TIME_PAYMENT', ...(mode && { merchantInitiatedMode: mode }) },
      }),
      gateway[as],
    );

  /** A token that may be charged without its holder. */
  async function verified(gateway: TestGateway, pan: string, as: As = 'merchant'): Promise<string> {
    const body = { tokenRequestId: freshId('t'), merchantUserId: freshId('u'), tokenType: 'CARD' };
    const tokenData = { pan, expiry: '12/2030', cvv: '123' };
    const { data } = await gateway.call(
      '/tokenization/generate',
      as === 'pci' ? { ...body, tokenData } : body,
      gateway[as],
    );
    if (as === 'merchant') await gateway.submit(data.tokenSessionId, { pan });
    const [{ tokenId }] = (
      await gateway.call('/tokenization/inquiry', { merchantUserId: body.merchantUserId }, gateway[as])
    ).data;
    await pay(gateway, as, tokenId);
    return tokenId;
  }

  test.each([
    ['2226900000000110', 10, 24 * 60 * minute],
    ['4576750000000110', 20, 30 * 24 * 60 * minute],
  ])('%s is not tried more than %i times, at all merchants together and at once', async (pan, most, window) => {
    const gateway = await guarded();
    const [own, other] = [await verified(gateway, pan), await verified(gateway, pan, 'pci')];
    const seen = declining(gateway, 'INSUFFICIENT_FUNDS');
    const half = Array.from({ length: most / 2 + 1 }, () => 0);
    await Promise.all([
      ...half.map(() => pay(gateway, 'merchant', own, 'scheduled')),
      ...half.map(() => pay(gateway, 'pci', other, 'scheduled')),
    ]);
    expect(seen.calls).toBe(most);
    const { data } = await pay(gateway, 'merchant', own, 'scheduled');
    const order = await gateway.call('/order/inquiry', { acquiringOrderId: data.acquiringOrderId });
    expect(JSON.parse(order.data.orderFailedReason)).toMatchObject({ orderFailedCode: 'RETRY_LIMIT_REACHED' });
    // His own payments are no retries.
    expect((await pay(gateway, 'merchant', own)).data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
    await gateway.travel(window);
    await pay(gateway, 'merchant', own, 'scheduled');
    expect(seen.calls).toBe(most + 1);
    seen.stop();
  });

  const counted = async (gateway: TestGateway): Promise<number> =>
    (await gateway.database.rows({ name: 'test/declined', text: 'select 1 from declined_charge' })).length;

  test('what is approved does not count, also when nobody knew at first', async () => {
    const gateway = await guarded();
    const own = await verified(gateway, '2226900000000110');
    for (let n = 0; n < 11; n++) {
      expect((await pay(gateway, 'merchant', own, 'scheduled')).data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
    }
    const acquirer = gateway.app.gateway.connectors.of('');
    const { purchase } = acquirer;
    const unheard = async (call: Parameters<typeof purchase>[0]) => {
      await purchase(call);
      return { kind: 'unknown' };
    };
    Object.assign(acquirer, { purchase: unheard });
    await pay(gateway, 'merchant', own, 'scheduled');
    expect(await counted(gateway)).toBe(1);
    Object.assign(acquirer, { purchase });
    await gateway.travel(30 * minute);
    expect(await counted(gateway)).toBe(0);
  });

  test('2226900000000110 is not tried more than 35 times in a month, a few times a day, and is forgotten after it', async () => {
    const gateway = await guarded();
    const own = await verified(gateway, '2226900000000110');
    const seen = declining(gateway, 'INSUFFICIENT_FUNDS');
    for (let day = 0; day < 4; day++) {
      await Promise.all(Array.from({ length: 9 }, () => pay(gateway, 'merchant', own, 'scheduled')));
      await gateway.travel(25 * 60 * minute);
    }
    expect(seen.calls).toBe(35);
    seen.stop();
    const other = await verified(gateway, '4576750000000110', 'pci');
    await gateway.travel(31 * 24 * 60 * minute);
    await pay(gateway, 'pci', other, 'scheduled');
    expect(await counted(gateway)).toBe(0);
  });

  test('is tried again when the merchant’s own clock says so, and others see nothing of his travels', async () => {
    const gateway = await guarded();
    const pan = '2226900000000110';
    const [own, other] = [await verified(gateway, pan), await verified(gateway, pan, 'pci')];
    const { app, merchant } = gateway;
    await advanceClock(app.gateway, merchant.merchantId, { by: '40d' }, app.gateway);
    const seen = declining(gateway, 'INSUFFICIENT_FUNDS');
    const tenTimes = () => Promise.all(Array.from({ length: 11 }, () => pay(gateway, 'merchant', own, 'scheduled')));
    await tenTimes();
    expect(seen.calls).toBe(10);
    await pay(gateway, 'pci', other, 'scheduled');
    expect(seen.calls).toBe(11);
    await advanceClock(app.gateway, merchant.merchantId, { by: '25h' }, app.gateway);
    await tenTimes();
    expect(seen.calls).toBe(21);
    seen.stop();
  });

  test('and was refused for good, is not tried again until he has paid with it himself', async () => {
    const gateway = await guarded();
    const own = await verified(gateway, '4111111111111111');
    const seen = declining(gateway, 'LOST_OR_STOLEN');
    await pay(gateway, 'merchant', own, 'scheduled');
    expect(await pay(gateway, 'merchant', own, 'unscheduled')).toMatchObject({ code: 'C0005' });
    expect(seen.calls).toBe(1);
    await pay(gateway, 'merchant', own);
    await pay(gateway, 'merchant', own, 'scheduled');
    expect(seen.calls).toBe(2);
    seen.stop();
  });
});
