/** A token after its binding: held back and let back, expired with its card, kept current by the account updater. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Job } from '../../packages/gateway/src/job/runner.ts';
import { advanceClock, type Journey } from '../../packages/gateway/src/job/travel.ts';
import { expireCards } from '../../packages/gateway/src/tokenization/expire-cards.ts';
import {
  askAboutToken,
  listTokens,
  resumeToken,
  showToken,
  suspendToken,
} from '../../packages/gateway/src/tokenization/suspend.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { startChallenge } from '../kit/shopper.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const later = { pan: '4000000000003006', successor: '4000000000003006' };
const renumbered = { pan: '4000000000003014', successor: '4000000000003113' };
const closed = { pan: '4000000000003022' };

const deps = () => gateway.app.gateway;
const merchantId = () => gateway.merchant.merchantId;
const suspend = (tokenId: string) => suspendToken(deps(), merchantId(), tokenId);
const resume = (tokenId: string) => resumeToken(deps(), merchantId(), tokenId);
const refresh = async (tokenId: string) => {
  await askAboutToken(deps(), merchantId(), tokenId);
  await gateway.settle();
};
const inquire = async (tokenId: string) => (await gateway.call('/tokenization/inquiry', { tokenId })).data[0];
const travel = (where: Journey, of = merchantId()) => advanceClock(deps(), of, where, deps());
const pay = (tokenId: string, paymentInfo: object = {}, fields: object = {}) => {
  const info = { productName: 'ONE_TIME_PAYMENT', ...paymentInfo };
  return gateway.call('/order/create', orderOf(gateway, { tokenId, paymentInfo: info, ...fields }));
};
const mit = { merchantInitiatedMode: 'unscheduled' };
/** What the merchant was told of a token, in order. */
const told = async (tokenId: string): Promise<string[]> => {
  await gateway.settle();
  return gateway.receiver
    .events('TOKENIZATION_NOTIFICATION')
    .filter(({ result }) => result.tokenId === tokenId)
    .map(({ result }) => `${result.tokenStatus} ${result.tokenData?.cardExpiry ?? '-'}`);
};
const numberOfCards = async (tokenId: string) =>
  (
    await gateway.database.rows(
      {
        name: 'test/cards-of-token',
        text: 'select 1 from vault_card c join token t using (merchant_id, card_id) where t.token_id = $1',
      },
      [tokenId],
    )
  ).length;
const tokenOf = async (card: object, user = freshId('user')) => gateway.bind(card, user);

describe('a token that is held back', () => {
  test('is charged by nobody, and comes back as what it was', async () => {
    const tokenId = await tokenOf({});
    await pay(tokenId);
    expect(await suspend(tokenId)).toMatchObject({ tokenStatus: 'SUSPENDED' });
    expect((await inquire(tokenId)).tokenStatus).toBe('SUSPENDED');
    for (const info of [{}, mit]) expect((await pay(tokenId, info)).code).toBe('A0037');
    expect(await resume(tokenId)).toMatchObject({ tokenStatus: 'VERIFIED' });
    expect((await pay(tokenId, mit)).code).toBe('0');
    expect(await told(tokenId)).toEqual([
      'UNVERIFIED 12/2030',
      'VERIFIED 12/2030',
      'SUSPENDED 12/2030',
      'VERIFIED 12/2030',
    ]);
  });

  test('is held back once and let back once, however often that is said: the merchant hears of each once', async () => {
    const tokenId = await tokenOf({});
    await Promise.all([1, 2, 3].map(() => suspend(tokenId)));
    await Promise.all([1, 2, 3].map(() => resume(tokenId)));
    expect(await told(tokenId)).toEqual(['UNVERIFIED 12/2030', 'SUSPENDED 12/2030', 'UNVERIFIED 12/2030']);
  });

  test('can be removed, and then not be let back', async () => {
    const tokenId = await tokenOf({});
    await suspend(tokenId);
    expect((await gateway.call('/tokenization/remove', { tokenId })).code).toBe('0');
    await expect(resume(tokenId)).rejects.toThrow(`the token ${tokenId} is REMOVED; it cannot be resumed`);
    await expect(suspend(tokenId)).rejects.toThrow('it cannot be suspended');
    expect(await numberOfCards(tokenId)).toBe(0);
  });

  test('of another merchant is unknown', async () => {
    const tokenId = await tokenOf({});
    const other = gateway.pci.merchantId;
    for (const act of [suspendToken, resumeToken, askAboutToken, showToken]) {
      await expect(act(deps(), other, tokenId)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    }
    expect((await inquire(tokenId)).tokenStatus).toBe('UNVERIFIED');
  });
});

describe('an unverified token', () => {
  test('is not charged without its shopper until a charge with him was approved', async () => {
    const tokenId = await tokenOf({});
    const early = await pay(tokenId, mit);
    expect(early).toMatchObject({ code: 'A0045', signed: true });
    expect((await pay(tokenId, { userPaymentAccessToken: tokenId, ...mit }, { tokenId: undefined })).code).toBe(
      'A0038',
    );
    expect((await pay(tokenId)).data.orderStatus).toBe('PAY_SUCCESS');
    expect((await pay(tokenId, mit)).data.orderStatus).toBe('PAY_SUCCESS');
  });

  test('stays so when the charge with the shopper was declined', async () => {
    const tokenId = await tokenOf({ pan: '4000000000000341' });
    expect((await pay(tokenId)).data.orderStatus).toBe('ORDER_CLOSE');
    expect((await pay(tokenId, mit)).code).toBe('A0045');
  });
});

describe('the account updater', () => {
  test('brings a later expiry: the same token, the same status, one notification', async () => {
    const tokenId = await tokenOf({ pan: later.pan, expiry: '12/2027' });
    await pay(tokenId);
    await refresh(tokenId);
    await refresh(tokenId);
    expect(await inquire(tokenId)).toMatchObject({ tokenId, tokenStatus: 'VERIFIED', expiryYear: '2031' });
    expect((await pay(tokenId, mit)).data.orderStatus).toBe('PAY_SUCCESS');
    expect(await told(tokenId)).toEqual(['UNVERIFIED 12/2027', 'VERIFIED 12/2027', 'VERIFIED 12/2031']);
  });

  test('brings another number: it is what is charged, and the old one is in the vault no more', async () => {
    const tokenId = await tokenOf({ pan: renumbered.pan, expiry: '12/2027' });
    await refresh(tokenId);
    const item = await inquire(tokenId);
    expect(item).toMatchObject({ maskedPan: '400000******3113', tokenStatus: 'UNVERIFIED' });
    expect(item.tokenData).toMatchObject({ cardHolderName: 'Ada Lovelace', cardExpiry: '12/2031' });
    const { data } = await pay(tokenId);
    expect(data.orderStatus).toBe('PAY_SUCCESS');
    const order = await gateway.call('/order/inquiry', { acquiringOrderId: data.acquiringOrderId });
    expect(order.data.paymentInfo.payMethodResponse).toContain('3113');
    expect(await numberOfCards(tokenId)).toBe(1);
  });

  test('says that the account is closed: the token expires and is refused', async () => {
    const tokenId = await tokenOf(closed);
    await refresh(tokenId);
    expect((await inquire(tokenId)).tokenStatus).toBe('EXPIRED');
    expect((await pay(tokenId)).code).toBe('A0023');
    expect(await told(tokenId)).toEqual(['UNVERIFIED 12/2030', 'EXPIRED 12/2030']);
  });

  test('is heard about a token that is held back, which stays so', async () => {
    const [moved, gone] = [await tokenOf({ pan: renumbered.pan }), await tokenOf(closed)];
    for (const tokenId of [moved, gone]) await suspend(tokenId);
    for (const tokenId of [moved, gone]) await refresh(tokenId);
    expect(await inquire(moved)).toMatchObject({ tokenStatus: 'SUSPENDED', maskedPan: '400000******3113' });
    expect((await inquire(gone)).tokenStatus).toBe('SUSPENDED');
    await resume(gone);
    await gateway.settle();
    expect((await inquire(gone)).tokenStatus).toBe('EXPIRED');
  });

  test.each([
    ['before the updater knew of it', 'C0005', async (_: string) => {}],
    ['as the old one was, a moment after it was replaced', 'PAY_SUCCESS', refresh],
  ])('brings another card; one that was refused for good %s: %s', async (_, next, meanwhile) => {
    const tokenId = await tokenOf({ pan: renumbered.pan });
    await pay(tokenId);
    const acquirer = deps().connectors.of('');
    const { purchase } = acquirer;
    const late = async () => {
      await travel({ by: '1s' });
      await meanwhile(tokenId);
      return { kind: 'declined', reason: 'LOST_OR_STOLEN' };
    };
    Object.assign(acquirer, { purchase: late });
    expect((await pay(tokenId, mit)).data.orderStatus).toBe('ORDER_CLOSE');
    Object.assign(acquirer, { purchase });
    const again = await pay(tokenId, mit);
    expect(again.data?.orderStatus ?? again.code).toBe(next);
    await refresh(tokenId);
    expect((await pay(tokenId, mit)).data.orderStatus).toBe('PAY_SUCCESS');
  });

  test('and a removal at the same moment leave no card behind', async () => {
    const tokens = await Promise.all(Array.from({ length: 12 }, () => tokenOf({ pan: renumbered.pan })));
    await Promise.all(
      tokens.flatMap((tokenId) => [
        askAboutToken(deps(), merchantId(), tokenId).then(() => gateway.settle()),
        gateway.call('/tokenization/remove', { tokenId }),
      ]),
    );
    for (const tokenId of tokens) {
      const [last] = (await told(tokenId)).slice(-1);
      expect(last).toBe('REMOVED -');
      expect(await numberOfCards(tokenId)).toBe(0);
    }
    const orphans = await gateway.database.rows(
      {
        name: 'test/orphans',
        text: `select 1 from vault_card c where not exists
          (select from token t where t.card_id = c.card_id union all
           select from tokenization_session s where s.card_id = c.card_id)`,
      },
      [],
    );
    expect(orphans).toEqual([]);
  });

  test('and charges at the same moment: each is made with the one card or the other, none is lost', async () => {
    const tokenId = await tokenOf({ pan: renumbered.pan });
    const charges = Array.from({ length: 10 }, () => pay(tokenId));
    const [, ...paid] = await Promise.all([refresh(tokenId), ...charges]);
    expect(paid.map(({ data }) => data.orderStatus)).toEqual(Array(10).fill('PAY_SUCCESS'));
  });

  test('opens a card, and that is written down as every other use is, also of a card that was just sent', async () => {
    const tokenId = await tokenOf({ pan: later.pan });
    await refresh(tokenId);
    const { data } = await pay(tokenId);
    const bare = { pan: '4111111111111111', expiry: '12/2030', cvv: '123', name: 'Ada' };
    const sent = { tokenRequestId: freshId('treq'), merchantUserId: 'u', tokenType: 'CARD', tokenData: bare };
    await gateway.call('/tokenization/generate', sent, gateway.pci);
    const uses = async (subject: string) =>
      gateway.database.rows(
        {
          name: 'test/uses',
          text: `select purpose from access_entry e where act = 'card.use' and (subject = $1 or token_id = $1) order by sequence`,
        },
        [subject],
      );
    expect(await uses(tokenId)).toEqual([{ purpose: 'account-update' }, { purpose: 'purchase' }]);
    expect(await uses(`order/${data.acquiringOrderId}`)).toEqual([{ purpose: 'purchase' }]);
    const { tokenRequestId } = await inquire(tokenId);
    expect(await uses(`tokenization/${tokenRequestId}`)).toEqual([{ purpose: 'verify' }]);
    expect(await uses(`tokenization/${sent.tokenRequestId}`)).toEqual([{ purpose: 'verify' }]);
  });

  test('a challenged card is lent to its bank, and that is written down, too', async () => {
    const { tokenRequestId } = await startChallenge(gateway);
    const purposes = await gateway.database.rows(
      { name: 'test/uses-of-binding', text: 'select purpose from access_entry where subject = $1 order by sequence' },
      [`tokenization/${tokenRequestId}`],
    );
    expect(purposes).toEqual([{ purpose: 'authenticate' }]);
  });
});

describe('the end of a card’s last month', () => {
  test('expires its tokens at that moment, once, and nobody else’s; the updater’s news come first', async () => {
    const user = freshId('user');
    const dies = await tokenOf({ expiry: '12/2026' }, user);
    const [kept, lives] = [await tokenOf({ pan: later.pan, expiry: '12/2026' }, user), await tokenOf({}, user)];
    const held = await tokenOf({ expiry: '12/2026' }, user);
    await suspend(held);
    await travel({ to: '2026-12-31T23:59:59.000Z' });
    expect((await inquire(dies)).tokenStatus).toBe('UNVERIFIED');
    await travel({ by: '1s' });
    const statuses = (await listTokens(deps(), merchantId(), user)).map(({ tokenStatus }) => tokenStatus);
    expect(statuses).toEqual(['EXPIRED', 'UNVERIFIED', 'UNVERIFIED', 'SUSPENDED']);
    expect(await told(dies)).toEqual(['UNVERIFIED 12/2026', 'EXPIRED 12/2026']);
    expect(await told(kept)).toEqual(['UNVERIFIED 12/2026', 'UNVERIFIED 12/2032']);
    expect(await told(lives)).toHaveLength(1);
    expect((await pay(dies)).code).toBe('A0023');
    expect((await pay(kept)).data.orderStatus).toBe('PAY_SUCCESS');
    await resume(held);
    await gateway.settle();
    expect((await inquire(held)).tokenStatus).toBe('EXPIRED');
  });

  test('is watched by one job for each month, and again when a month comes back', async () => {
    const month = { expiry: '03/2027' };
    const jobs = async () =>
      (
        await gateway.database.rows(
          {
            name: 'test/month-jobs',
            text: `select 1 from job where kind = 'tokenization/expire-cards' and payload ->> 'expiry' = $1`,
          },
          [month.expiry],
        )
      ).length;
    await Promise.all([1, 2, 3, 4].map(() => tokenOf(month)));
    expect(await jobs()).toBe(1);
    await travel({ by: '120d' });
    expect(await jobs()).toBe(0);
  });

  test('an updater that says nothing holds no job up: it is asked once, for ten seconds, and the cards expire', async () => {
    const tokens = await Promise.all([1, 2, 3].map(() => tokenOf({})));
    await gateway.database.rows(
      {
        name: 'test/last-month',
        text: `update token set card_summary = jsonb_set(card_summary, '{expiry}', '"10/2026"') where token_id = any($1)`,
      },
      [tokens],
    );
    let asked = 0;
    const ask = () => {
      asked += 1;
      return new Promise<never>(() => {});
    };
    const connectors = { ...deps().connectors, updaterOf: () => ({ ask }) };
    const job = { merchantId: merchantId(), payload: { expiry: '10/2026' } } as unknown as Job;
    const run = expireCards({ ...deps(), connectors }, job);
    await vi.waitFor(() => expect(asked).toBe(1));
    await gateway.travel(10_000);
    expect(await run).toBe('done');
    expect(asked).toBe(1);
    expect(await Promise.all(tokens.map(async (tokenId) => (await inquire(tokenId)).tokenStatus))).toEqual(
      Array(3).fill('EXPIRED'),
    );
  });

  test('a card that is in the vault no more expires with its month, and its job ends', async () => {
    const tokenId = await tokenOf({});
    const erase = `with gone as (delete from vault_card c using token t where t.token_id = $1 and c.card_id = t.card_id)
      update token set card_summary = jsonb_set(card_summary, '{expiry}', '"09/2026"') where token_id = $1`;
    await gateway.database.rows({ name: 'test/lost-card', text: erase }, [tokenId]);
    const job = { merchantId: merchantId(), payload: { expiry: '09/2026' } } as unknown as Job;
    expect(await expireCards(deps(), job)).toBe('done');
    expect((await inquire(tokenId)).tokenStatus).toBe('EXPIRED');
  });

  test('expires more tokens than one run of the job takes', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 60 }, () =>
        gateway
          .call(
            '/tokenization/generate',
            {
              tokenRequestId: freshId('treq'),
              merchantUserId: freshId('user'),
              tokenType: 'CARD',
              tokenData: { pan: '4111111111111111', expiry: '06/2027', name: 'Ada' },
            },
            gateway.pci,
          )
          .then(({ data }) => data.tokenId as string),
      ),
    );
    await travel({ by: '300d' }, gateway.pci.merchantId);
    const statuses = await Promise.all(
      tokens.map(async (tokenId) => (await showToken(deps(), gateway.pci.merchantId, tokenId)).tokenStatus),
    );
    expect(new Set(statuses)).toEqual(new Set(['EXPIRED']));
  });
});

describe('the merchant’s wish for 3-D Secure at a binding', () => {
  const generate = (fields: object, as = gateway.merchant) =>
    gateway.call(
      '/tokenization/generate',
      { tokenRequestId: freshId('treq'), merchantUserId: freshId('user'), tokenType: 'CARD', ...fields },
      as,
    );

  test('challenges any card, or none', async () => {
    const forced = await generate({ threeDsDecision: '3DS_FORCE' });
    const asked = await gateway.submit(forced.data.tokenSessionId, { expiry: '12/2031' });
    expect(asked.data.validateUrl).toContain('/3ds/');
    const spared = await generate({ threeDsDecision: 'NO_3DS' });
    const bound = await gateway.submit(spared.data.tokenSessionId, { pan: '4000000000001000', expiry: '12/2031' });
    expect(bound).toMatchObject({ code: '0' });
    expect(bound.data.validateUrl).toBeUndefined();
  });

  test('must be one of three, and can not be forced where there is no shopper', async () => {
    expect(await generate({ threeDsDecision: 'MAYBE' })).toMatchObject({ code: 'A0003' });
    const tokenData = { pan: '4111111111111111', expiry: '12/2031' };
    const bare = await generate({ threeDsDecision: '3DS_FORCE', tokenData }, gateway.pci);
    expect(bare).toMatchObject({ code: 'A0003', msg: expect.stringContaining('needs the shopper') });
  });
});
