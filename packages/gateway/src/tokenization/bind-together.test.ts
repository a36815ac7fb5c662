import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freshId, startTestGateway, type TestGateway } from '../../../../test/kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  // The first access of a merchant begins its chain, and the first card of a month lets it be watched.
  await gateway.bind();
});
afterAll(() => gateway.stop());

const rows = (text: string, values: readonly unknown[] = []) =>
  gateway.database.rows<Record<string, unknown>>({ name: `test/${text.slice(0, 50)}`, text }, values);

async function opened(fields: object = {}) {
  const wish = { tokenRequestId: freshId('treq'), merchantUserId: freshId('user'), tokenType: 'CARD', ...fields };
  const { data } = await gateway.call('/tokenization/generate', wish);
  return { ...wish, tokenSessionId: String(data.tokenSessionId) };
}

/** How the merchant's rows are written meanwhile. */
async function waysOf(work: () => Promise<unknown>) {
  const whole = gateway.app.gateway.database;
  const database = whole.ofMerchant(gateway.merchant.merchantId);
  const scoped = vi.spyOn(whole, 'ofMerchant').mockReturnValue(database);
  const [atOnce, carefully] = [vi.spyOn(database, 'atOnce'), vi.spyOn(database, 'transaction')];
  await work();
  const ways = { atOnce: atOnce.mock.calls.length, carefully: carefully.mock.calls.length };
  for (const spy of [scoped, atOnce, carefully]) spy.mockRestore();
  return ways;
}

/** Long enough for calls to get as far as another one was stopped. */
const longMs = 300;

/** Lets one call hold up what writes, so that all others come into the next batch together. @returns their answers */
async function withNext<T>(first: () => Promise<unknown>, others: readonly (() => Promise<T>)[]): Promise<T[]> {
  const whole = gateway.app.gateway.database;
  const database = whole.ofMerchant(gateway.merchant.merchantId);
  const { atOnce, transaction } = database;
  let isHeld = false;
  const heldOnce = async () => {
    if (isHeld) return;
    isHeld = true;
    await sleep(longMs);
  };
  const spies = [
    vi.spyOn(whole, 'ofMerchant').mockReturnValue(database),
    vi.spyOn(database, 'atOnce').mockImplementation(async (work) => heldOnce().then(() => atOnce(work))),
    vi.spyOn(database, 'transaction').mockImplementation(async (work) => heldOnce().then(() => transaction(work))),
  ];
  const begun = first();
  await vi.waitUntil(() => isHeld);
  const answers = await Promise.all(others.map((ask) => ask()));
  await begun;
  for (const spy of spies) spy.mockRestore();
  return answers;
}

const monthsWatched = (expiry: string) =>
  rows(`select job_id from job where kind = 'tokenization/expire-cards' and payload->>'expiry' = $1`, [expiry]);

describe('a card that is submitted', () => {
  test('is written down in two ways to the database, before its check and after it', async () => {
    const { tokenSessionId } = await opened();
    const ways = await waysOf(async () => expect((await gateway.submit(tokenSessionId, {})).code).toBe('0'));
    expect(ways).toEqual({ atOnce: 2, carefully: 0 });
  });

  test('and is the first of its month is bound with a look, and the end of the month is watched from then on, once', async () => {
    const expiry = '07/2031';
    const first = await opened();
    const ways = await waysOf(() => gateway.submit(first.tokenSessionId, { expiry }));
    expect(ways).toEqual({ atOnce: 2, carefully: 1 });
    expect(await monthsWatched(expiry)).toHaveLength(1);
    await gateway.submit((await opened()).tokenSessionId, { expiry });
    expect(await monthsWatched(expiry)).toHaveLength(1);
    const bound = await rows('select status from tokenization_session where token_request_id = $1', [
      first.tokenRequestId,
    ]);
    expect(bound).toEqual([{ status: 'BOUND' }]);
  });

  test('becomes a token with what its session knew, and with what came with the card before that', async () => {
    const billingAddress = { countryCode: 'HKG', city: 'Kowloon' };
    const [kept, replaced] = [await opened({ billingAddress }), await opened({ billingAddress })];
    await gateway.submit(kept.tokenSessionId, {});
    await gateway.submit(replaced.tokenSessionId, {}, { billingAddress: { countryCode: 'SGP' } });
    const tokens = await rows(
      `select t.billing_address ->> 'countryCode' as country, t.notify_url = s.notify_url as told,
         t.card_summary ->> 'expiry' as expiry, c.card_id is not null as stored
       from token t join tokenization_session s using (merchant_id, token_request_id) left join vault_card c on c.card_id = t.card_id
       where t.token_request_id = any ($1) order by t.sequence`,
      [[kept.tokenRequestId, replaced.tokenRequestId]],
    );
    const whole = { told: null, expiry: '12/2030', stored: true };
    expect(tokens).toEqual([
      { ...whole, country: 'HKG' },
      { ...whole, country: 'SGP' },
    ]);
  });

  test('with more of its user at once than he has room for is refused, and those that fit are bound', async () => {
    const merchantUserId = freshId('crowded');
    await rows(
      `insert into token (merchant_id, token_id, token_request_id, merchant_user_id, status, created_at, updated_at)
       select $1, 'tok_' || $2 || n, $2 || n, $2, 'VERIFIED', now(), now() from generate_series(1, 98) n`,
      [gateway.merchant.merchantId, merchantUserId],
    );
    const sessions = await Promise.all(Array.from({ length: 5 }, () => opened({ merchantUserId })));
    const answers = await Promise.all(sessions.map(({ tokenSessionId }) => gateway.submit(tokenSessionId, {})));
    expect(answers.filter(({ code }) => code === '0')).toHaveLength(2);
    expect(new Set(answers.map(({ code }) => code)).size).toBe(2);
    const tokens = await rows(
      `select token_id from token where merchant_user_id = $1 and token_request_id = any ($2)`,
      [merchantUserId, sessions.map(({ tokenRequestId }) => tokenRequestId)],
    );
    expect(tokens).toHaveLength(2);
  });

  test('in the same moment as others to its session is taken once: the others are lost, charge nobody and leave no card', async () => {
    const [{ tokenSessionId, tokenRequestId }, before] = [await opened(), await opened()];
    const answers = await withNext(
      () => gateway.submit(before.tokenSessionId, {}),
      [
        () => gateway.submit(tokenSessionId, {}),
        () => gateway.submit(tokenSessionId, { pan: '5555555555554444' }),
        () => gateway.submit(tokenSessionId, {}),
      ],
    );
    expect(answers.some(({ code }) => code === '0')).toBe(true);
    const attempts = await rows('select attempt_id from payment_attempt where subject_id = $1', [tokenRequestId]);
    expect(attempts).toHaveLength(1);
    const orphans = await rows(
      'select card_id from vault_card c where not exists (select from token t where t.card_id = c.card_id)',
    );
    expect(orphans).toEqual([]);
  });
});

describe('a session that is asked for several times in the same moment', () => {
  test('is one, and each answer names it', async () => {
    const wish = { tokenRequestId: freshId('treq'), merchantUserId: freshId('user'), tokenType: 'CARD' };
    const ask = () => gateway.call('/tokenization/generate', wish);
    const answers = await withNext(() => opened(), [ask, ask, ask]);
    expect(new Set(answers.map(({ data }) => data.tokenSessionId)).size).toBe(1);
    expect((await gateway.submit(answers[0]?.data.tokenSessionId, {})).code).toBe('0');
  });
});
