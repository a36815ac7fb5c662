/**
 * P-3: the database goes away and comes back. While it is away every caller is told C0001, signed, and within two seconds;
 * when it is back the gateway works again by itself. Refusing takes milliseconds, so that the promised times hold on a slow
 * machine, too.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { type Outage, startOutage } from '../kit/outage.ts';

const answerWithinMs = 2_000;
const recoverWithinMs = 5_000;
const connections = 4;

let gateway: TestGateway;
let outage: Outage;
let tokenId: string;
let sessionId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_DATABASE_CONNECTIONS: String(connections) }, async (url) => {
    outage = await startOutage(url);
    return outage.url;
  });
  tokenId = await gateway.bind();
  sessionId = (await session()).data.tokenSessionId;
});
afterEach(() => outage.end());
afterAll(async () => {
  await gateway.stop();
  await outage.stop();
});

const pay = () => gateway.call('/order/create', orderOf(gateway, { tokenId }));
const session = () =>
  gateway.call('/tokenization/generate', {
    tokenRequestId: freshId('treq'),
    merchantUserId: 'user_1',
    tokenType: 'CARD',
    notifyUrl: gateway.receiver.url,
  });
const calls: Readonly<Record<string, () => Promise<Answer>>> = {
  'an order': pay,
  'an inquiry': () => gateway.call('/tokenization/inquiry', { tokenId }),
  'a session': session,
  'a card from a browser': () => gateway.submit(sessionId, {}),
};

async function timed<T>(work: () => Promise<T>): Promise<{ answer: T; ms: number }> {
  const since = performance.now();
  return { answer: await work(), ms: performance.now() - since };
}

const ready = async () => (await fetch(`${gateway.url}/health/ready`)).status;

describe('while the database is away', () => {
  test.each(Object.entries(calls))('%s is answered C0001, signed, within two seconds', async (_, call) => {
    await outage.begin();
    const { answer, ms } = await timed(call);
    expect(answer).toMatchObject({ code: 'C0001', status: 503, signed: true });
    expect(ms).toBeLessThan(answerWithinMs);
  });

  test('one who never called before is told so with the signature of the system', async () => {
    await outage.begin();
    // The kit refuses an answer that neither the system nor a merchant of the sandbox has signed.
    const answer = await gateway.call('/order/create', orderOf(gateway, { tokenId }), gateway.pci);
    expect(answer).toMatchObject({ code: 'C0001', status: 503, signed: false });
  });

  test('every caller of a crowd is told in time', async () => {
    await outage.begin();
    const { answer: answers, ms } = await timed(() => Promise.all(Array.from({ length: 50 }, pay)));
    expect(answers.filter(({ code, status, signed }) => code !== 'C0001' || status !== 503 || !signed)).toEqual([]);
    expect(ms).toBeLessThan(answerWithinMs);
  });

  test('the process lives, and sends callers away', async () => {
    await outage.begin();
    expect(await ready()).toBe(503);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
  });
});

describe('when the database is back', () => {
  test('the gateway works again within five seconds, without a restart', async () => {
    await outage.begin();
    expect((await pay()).code).toBe('C0001');
    await outage.end();
    const { answer, ms } = await timed(async () => {
      let last = await pay();
      for (let tries = 0; tries < 100 && last.code !== '0'; tries++) last = await pay();
      return last;
    });
    expect(answer.code).toBe('0');
    expect(ms).toBeLessThan(recoverWithinMs);
    expect(await ready()).toBe(200);
    await gateway.settle();
  });

  test('a crowd that waited for it opens no more connections than are allowed', async () => {
    await outage.begin();
    await Promise.all(Array.from({ length: 50 }, pay));
    await outage.end();
    const answers = await Promise.all(Array.from({ length: 50 }, pay));
    expect(answers.filter(({ code, signed }) => !['0', 'C0001'].includes(code) || !signed)).toEqual([]);
    expect(answers.some(({ code }) => code === '0')).toBe(true);
    expect(outage.mostConnections()).toBeGreaterThan(1);
    expect(outage.mostConnections()).toBeLessThanOrEqual(connections);
    await gateway.settle();
  });
});
