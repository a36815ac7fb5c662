/** A receiver that is away is told again, at the published times and no others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** Seconds after the first attempt: 30 s, 1 min, 4 min, 30 min, 4 h, 8 h, 8 h, each after the one before. */
const published = [0, 30, 90, 330, 2_130, 16_530, 45_330, 74_130];

async function bindAndAwait(): Promise<string> {
  const tokenRequestId = freshId('treq');
  const { data } = await gateway.call('/tokenization/generate', {
    tokenRequestId,
    merchantUserId: tokenRequestId,
    tokenType: 'CARD',
    notifyUrl: gateway.receiver.url,
  });
  await gateway.submit(data.tokenSessionId, {});
  return tokenRequestId;
}

const attemptsOf = async (tokenRequestId: string) =>
  gateway.database.rows<{ started_at: Date; outcome: string; attempt: number }>(
    {
      name: 'test/attempts',
      text: `select d.started_at, d.outcome, d.attempt from delivery d join outbox o using (merchant_id, event_id)
             where o.object_id = $1 order by d.attempt`,
    },
    [tokenRequestId],
  );

describe('a receiver that is down', () => {
  test('for 20 hours gets its notification at exactly the published attempt times', async () => {
    gateway.receiver.behave('down');
    const start = gateway.clock.now().getTime();
    const tokenRequestId = await bindAndAwait();
    await gateway.travel(20 * 3_600_000);
    expect(gateway.receiver.events('TOKENIZATION_NOTIFICATION')).toEqual([]);
    gateway.receiver.behave('acknowledge');
    await gateway.travel(3_600_000);
    const attempts = await attemptsOf(tokenRequestId);
    expect(attempts.map(({ started_at }) => (started_at.getTime() - start) / 1_000)).toEqual(published);
    expect(gateway.receiver.events('TOKENIZATION_NOTIFICATION').map(({ result }) => result.tokenRequestId)).toEqual([
      tokenRequestId,
    ]);
  });

  test('for good is tried eight times and never again; the event is kept', async () => {
    gateway.receiver.behave('failed');
    const tokenRequestId = await bindAndAwait();
    await gateway.travel(72 * 3_600_000);
    expect(await attemptsOf(tokenRequestId)).toHaveLength(8);
    const [event] = await gateway.database.rows<{ status: string }>(
      { name: 'test/outbox-status', text: 'select status from outbox where object_id = $1' },
      [tokenRequestId],
    );
    expect(event?.status).toBe('EXHAUSTED');
    gateway.receiver.behave('acknowledge');
  });
});
