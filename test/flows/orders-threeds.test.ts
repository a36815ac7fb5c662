/** 3-D Secure for orders: each card of the table, each way a challenge can end, and that an order is charged once at most. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heldKeks } from '../../packages/gateway/src/vault/kek.ts';
import { keksFromFiles } from '../../packages/gateway/src/vault/kek-file.ts';
import { rotateDataKeys } from '../../packages/gateway/src/vault/rotate.ts';
import { chargesIn, chargesSeen, leftoversOf } from '../kit/charges.ts';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { newShopper } from '../kit/shopper.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const minute = 60_000;
const challenged = '4000000000001000';
const urls = {
  successRedirectUrl: 'https://shop.example/thanks?cart=7',
  failedRedirectUrl: 'https://shop.example/failed',
  cancelRedirectUrl: 'https://shop.example/back',
};

/** A token that nobody was asked about when it was bound. */
async function tokenOf(pan: string): Promise<string> {
  const tokenData = { pan, expiry: '12/2030', cvv: '123', name: 'Ada' };
  const body = { tokenRequestId: freshId('treq'), merchantUserId: 'user_1', tokenType: 'CARD', tokenData };
  return (await gateway.call('/tokenization/generate', body, gateway.pci)).data.tokenId;
}

const cardInfo = (cardNumber: string, extra: object = {}) => ({
  cardInfo: {
    cardNumber,
    cardExpiryYear: 2030,
    cardExpiryMonth: 12,
    cardCvv: '737',
    cardHolderName: 'Ada Lovelace',
    ...extra,
  },
  userInfo: {
    userId: 'user_1',
    userEmail: 'user_1@example.com',
    userTerminal: 'WEB',
    userBrowserIp: '203.0.113.7',
    userAgent: 'test',
  },
});

/** The two ways to pay with the card: as a token, and bare. */
const ways = {
  token: async (pan: string) => ({ tokenId: await tokenOf(pan) }),
  'bare card': async (pan: string) => cardInfo(pan),
} as const;
const wayNames = Object.keys(ways) as (keyof typeof ways)[];

const create = (fields: object): Promise<Answer> =>
  gateway.call('/order/create', orderOf(gateway, { ...urls, ...fields }), gateway.pci);
const inquire = async (acquiringOrderId: string) =>
  (await gateway.call('/order/inquiry', { acquiringOrderId }, gateway.pci)).data;
const urlIn = ({ data }: Answer): string => JSON.parse(data.orderAction).webUrl;
const failureIn = ({ orderFailedReason }: { orderFailedReason: string }) =>
  JSON.parse(orderFailedReason).orderFailedCode;
const toldOf = async (id: string) => {
  await gateway.settle();
  const results = gateway.receiver.events('PAYMENT_NOTIFICATION').map(({ result }) => result);
  return results.filter(({ acquiringOrderId }) => acquiringOrderId === id);
};

async function challenge(way: keyof typeof ways, fields: object = {}) {
  const body = orderOf(gateway, { ...urls, ...(await ways[way](challenged)), ...fields });
  const created = await gateway.call('/order/create', body, gateway.pci);
  const webUrl = urlIn(created);
  const shopper = newShopper();
  const address = webUrl.slice(0, webUrl.lastIndexOf('/'));
  return {
    body,
    created,
    id: created.data.acquiringOrderId as string,
    webUrl,
    shopper,
    address,
    meet: () => shopper.visit(webUrl),
    type: (code: string) => shopper.post(address, { challengeDataEntry: code, action: 'submit' }),
  };
}

const leftovers = () => leftoversOf(gateway);
const chargesOf = (id: string) => chargesIn(gateway, id);

const authenticationsOf = (id: string) =>
  gateway.database.rows(
    { name: 'test/authentications', text: 'select status from threeds_authentication where subject_id = $1' },
    [id],
  );

describe.each(wayNames)('without a challenge, a %s', (way) => {
  test('that takes no part is charged, and nobody is asked', async () => {
    const { data } = await create(await ways[way]('4111111111111111'));
    expect(data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
    expect(await authenticationsOf(data.acquiringOrderId)).toEqual([]);
  });

  test('that the issuer knows is charged at once, with the proof', async () => {
    const seen = await chargesSeen(gateway, async () => {
      const { data } = await create(await ways[way]('4000000000001091'));
      expect(data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
      expect(data).not.toHaveProperty('orderAction');
    });
    expect(seen).toMatchObject([{ threeDs: { eci: '05' } }]);
    expect(await leftovers()).toEqual([]);
  });

  test('that the issuer refuses is not charged, and the order is closed', async () => {
    const { data } = await create(await ways[way]('4000000000001109'));
    expect(data).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
    const [told, ...more] = await toldOf(data.acquiringOrderId);
    expect([failureIn(told), more]).toEqual(['AUTHENTICATION_FAILED', []]);
    expect(await chargesOf(data.acquiringOrderId)).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  test('whose issuer does not answer is charged without a proof', async () => {
    const seen = await chargesSeen(gateway, async () => {
      expect((await create(await ways[way]('4000000000001117'))).data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
    });
    expect(seen).toEqual([expect.objectContaining({ threeDs: undefined })]);
  });
});

describe.each(wayNames)('a challenge for a %s', (way) => {
  test('that is passed charges the order, with the proof, and leads the shopper to the shop', async () => {
    const order = await challenge(way);
    expect(order.created.data).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    expect(await chargesOf(order.id)).toEqual([]);
    const asked = await order.meet();
    for (const part of ['HKD', '100.00', '400000******1000', 'name="challengeDataEntry"']) {
      expect(asked.text).toContain(part);
    }
    let ended = '';
    const seen = await chargesSeen(gateway, async () => {
      ended = (await order.type('1234')).text;
    });
    const threeDs = { eci: '05', authenticationValue: expect.any(String), dsTransID: expect.any(String) };
    expect(seen).toMatchObject([{ cvv: way === 'token' ? undefined : '737', threeDs }]);
    expect(ended).toContain(`url=${urls.successRedirectUrl}`);
    expect(ended).toContain('<h1>Payment Successful</h1>');
    expect(await inquire(order.id)).toMatchObject({ orderStatus: 'PAY_SUCCESS', finalDealAmount: '100.00' });
    expect(await toldOf(order.id)).toMatchObject([{ orderStatus: 'PAY_SUCCESS' }]);
    expect(await leftovers()).toEqual([]);
  });

  test('that is failed charges nothing and closes the order', async () => {
    const order = await challenge(way);
    await order.meet();
    for (const code of ['0000', '0001']) await order.type(code);
    expect((await order.type('0002')).text).toContain(`url=${urls.failedRedirectUrl}`);
    expect((await order.type('1234')).text).toContain(`url=${urls.failedRedirectUrl}`);
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['AUTHENTICATION_FAILED']);
    expect(await chargesOf(order.id)).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  test('that is cancelled closes the order', async () => {
    const order = await challenge(way);
    await order.meet();
    const ended = await order.shopper.post(order.address, { challengeDataEntry: '', action: 'cancel' });
    expect(ended.text).toContain(`url=${urls.cancelRedirectUrl}`);
    expect(ended.text).toContain('Payment Cancelled');
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['AUTHENTICATION_CANCELLED']);
  });

  test('that is abandoned closes the order after ten minutes, not before', async () => {
    const order = await challenge(way);
    await gateway.travel(10 * minute - 1);
    expect(await inquire(order.id)).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    await gateway.travel(1);
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['AUTHENTICATION_EXPIRED']);
    expect(await leftovers()).toEqual([]);
    expect((await order.meet()).text).not.toContain('challengeDataEntry');
  });

  test('of an order that the merchant cancels meanwhile charges nothing, though it is passed', async () => {
    const order = await challenge(way);
    await order.meet();
    await gateway.call('/order/cancel', { acquiringOrderId: order.id }, gateway.pci);
    if (way === 'bare card') expect(await leftovers()).toEqual([]);
    expect((await order.type('1234')).text).toContain(`url=${urls.cancelRedirectUrl}`);
    expect(await chargesOf(order.id)).toEqual([]);
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['CANCELLED']);
    expect(await leftovers()).toEqual([]);
  });

  test('whose result comes twice, in the same moment and again, charges once', async () => {
    const order = await challenge(way);
    await order.meet();
    const ends = await Promise.all([order.type('1234'), order.type('1234'), order.shopper.visit(order.address)]);
    expect(ends.map(({ status }) => status)).toEqual([200, 200, 200]);
    await order.shopper.visit(order.address);
    await order.type('1234');
    expect(await chargesOf(order.id)).toEqual([{ verb: 'purchase', status: 'APPROVED' }]);
    expect(await toldOf(order.id)).toHaveLength(1);
  });

  test('is the same for a repeat of the order, whose answer follows what became of it', async () => {
    const { body, created, meet, type } = await challenge(way);
    const again = () => gateway.call('/order/create', body, gateway.pci);
    expect((await again()).data).toEqual(created.data);
    await meet();
    await type('1234');
    expect((await again()).data).toEqual({ ...created.data, orderStatus: 'PAY_SUCCESS', orderAction: undefined });
  });

  test('is asked once when the order is sent ten times at once', async () => {
    const body = orderOf(gateway, await ways[way](challenged));
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => gateway.call('/order/create', body, gateway.pci)),
    );
    expect(new Set(answers.map(urlIn)).size).toBe(1);
    await gateway.travel(10 * minute);
  });

  test('for an amount that is captured later authorises it', async () => {
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' };
    const order = await challenge(way, { paymentInfo });
    await order.meet();
    await order.type('1234');
    expect(await inquire(order.id)).toMatchObject({ orderStatus: 'AUTHED_WAITING_CAPTURE' });
  });

  test('whose charge is not answered is found out a minute later, and charged once', async () => {
    const body = orderOf(gateway, { ...urls, ...(await ways[way](challenged)), orderAmount: '92.00' });
    expect(await gateway.call('/order/create', body, gateway.pci)).toMatchObject({ code: 'E0001' });
    const repeated = await gateway.call('/order/create', body, gateway.pci);
    const shopper = newShopper();
    await shopper.visit(urlIn(repeated));
    const address = urlIn(repeated).replace(/\/[^/]+$/, '');
    const type = () => shopper.post(address, { challengeDataEntry: '1234', action: 'submit' });
    expect((await type()).text).toContain('Your bank is still checking.');
    await type();
    expect(await leftovers()).toEqual([]);
    const id = repeated.data.acquiringOrderId;
    expect(await chargesOf(id)).toEqual([{ verb: 'purchase', status: 'UNKNOWN' }]);
    await gateway.travel(minute);
    expect(await chargesOf(id)).toEqual([{ verb: 'purchase', status: 'APPROVED' }]);
    expect(await toldOf(id)).toMatchObject([{ orderStatus: 'PAY_SUCCESS' }]);
  });

  test('that was passed when the gateway died goes on when the shopper comes back', async () => {
    const order = await challenge(way);
    await order.meet();
    const [asked] = await gateway.database.rows<{ server: string; acs: string }>(
      {
        name: 'test/asked',
        text: 'select three_ds_server_trans_id as server, acs_trans_id as acs from threeds_authentication where subject_id = $1',
      },
      [order.id],
    );
    // The issuer has heard the code, and nobody has read what it made of it.
    await gateway.app.gateway.connectors.threeDsOf('').challenge({
      messageType: 'CReq',
      messageVersion: '2.2.0',
      threeDSServerTransID: asked?.server ?? '',
      acsTransID: asked?.acs ?? '',
      challengeWindowSize: '05',
      challengeDataEntry: '1234',
    });
    expect(await inquire(order.id)).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    expect((await order.shopper.visit(order.address)).text).toContain('Payment Successful');
    expect(await chargesOf(order.id)).toHaveLength(1);
  });

  test('that a crash left unasked closes the order by the clock', async () => {
    const order = await challenge(way);
    await gateway.database.rows(
      { name: 'test/unasked', text: `update threeds_authentication set status = 'CREATED' where subject_id = $1` },
      [order.id],
    );
    await gateway.travel(10 * minute);
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['AUTHENTICATION_EXPIRED']);
    expect(await leftovers()).toEqual([]);
  });

  test('that another browser answers decides nothing', async () => {
    const order = await challenge(way);
    await order.meet();
    const thief = newShopper();
    await thief.visit(order.webUrl);
    await thief.post(order.address, { challengeDataEntry: '1234', action: 'submit' });
    expect(await inquire(order.id)).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    await gateway.travel(10 * minute);
  });

  test('that is passed while the merchant cancels is paid, or cancelled, and never both', async () => {
    for (let round = 0; round < 5; round++) {
      const order = await challenge(way);
      await order.meet();
      const cancel = () => gateway.call('/order/cancel', { acquiringOrderId: order.id }, gateway.pci);
      const [page, cancelled] = await Promise.all([order.type('1234'), cancel()]);
      expect(page.status).toBe(200);
      const { orderStatus } = await inquire(order.id);
      expect([cancelled.code, orderStatus]).toEqual(
        cancelled.code === '0' ? ['0', 'ORDER_CLOSE'] : ['A0013', 'PAY_SUCCESS'],
      );
      expect(await chargesOf(order.id)).toHaveLength(cancelled.code === '0' ? 0 : 1);
      expect(await leftovers()).toEqual([]);
    }
  });
});

describe('what decides whether the shopper is asked', () => {
  test('3DS_FORCE: always', async () => {
    const created = await create(cardInfo('4111111111111111', { threeDsDecision: '3DS_FORCE' }));
    expect(created.data).toMatchObject({ orderStatus: 'AUTHORIZATION_REQUIRED' });
    expect(urlIn(created)).toContain('/3ds/');
    await gateway.travel(10 * minute);
    expect((await toldOf(created.data.acquiringOrderId)).map(failureIn)).toEqual(['AUTHENTICATION_EXPIRED']);
  });

  test('NO_3DS: never', async () => {
    const created = await create(cardInfo(challenged, { threeDsDecision: 'NO_3DS' }));
    expect(created.data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
  });

  test('any other word is refused', async () => {
    expect(await create(cardInfo(challenged, { threeDsDecision: 'PERHAPS' }))).toMatchObject({ code: 'A0003' });
  });

  test('a payment without the shopper asks nobody', async () => {
    const { answer } = await bound();
    expect(answer.data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
  });

  async function bound() {
    const tokenId = await tokenOf(challenged);
    await gateway.database.rows(
      { name: 'test/verify', text: `update token set status = 'VERIFIED' where token_id = $1` },
      [tokenId],
    );
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', merchantInitiatedMode: 'scheduled' };
    return { answer: await create({ tokenId, paymentInfo }) };
  }
});

describe('while the shopper is asked', () => {
  test('a token that is removed is not charged any more', async () => {
    const order = await challenge('token');
    await order.meet();
    await gateway.call('/tokenization/remove', { tokenId: order.body.tokenId }, gateway.pci);
    await order.type('1234');
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['TOKEN_INVALID']);
    expect(await chargesOf(order.id)).toEqual([]);
  });

  test('a security code that is lost in a crash is not done without', async () => {
    const order = await challenge('bare card');
    await order.meet();
    await gateway.database.rows({ name: 'test/crash', text: 'truncate vault_cvv_hold' });
    await order.type('1234');
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['SECURITY_CODE_LOST']);
  });

  test('an order whose own time ends first is closed as late', async () => {
    const orderExpiredAt = new Date(gateway.clock.now().getTime() + 2 * minute).toISOString();
    const order = await challenge('bare card', { orderExpiredAt });
    await order.meet();
    await gateway.travel(2 * minute);
    await order.type('1234');
    expect((await toldOf(order.id)).map(failureIn)).toEqual(['EXPIRED']);
    expect(await chargesOf(order.id)).toEqual([]);
  });

  test('a token that was not verified is, once the shopper has passed', async () => {
    const order = await challenge('token');
    await order.meet();
    await order.type('1234');
    const [token] = (await gateway.call('/tokenization/inquiry', { tokenId: order.body.tokenId }, gateway.pci)).data;
    expect(token).toMatchObject({ tokenStatus: 'VERIFIED' });
  });
});

test('a proof for one number never charges another: the card behind the token was replaced during the challenge', async () => {
  const { body, id, meet, type } = await challenge('token');
  await meet();
  await gateway.database.rows(
    {
      name: 'test/replace',
      text: `update token set card_summary = jsonb_set(card_summary, '{masked}', '"400000******3113"') where token_id = $1`,
    },
    [(body as { tokenId?: string }).tokenId],
  );
  await type('1234');
  const order = await inquire(id);
  expect(order).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
  expect(JSON.parse(order.orderFailedReason)).toMatchObject({
    orderFailedCode: 'AUTHENTICATION_FAILED',
    orderFailedDescription: expect.stringMatching(/replaced by another.*pay again/),
  });
  expect(await chargesOf(id)).toEqual([]);
  expect(await toldOf(id)).toHaveLength(1);
});

describe('when the fingerprint key was rotated', () => {
  const newerKey = async () => {
    const { database, keyring, clock, config } = gateway.app.gateway;
    const kek = heldKeks('the key file', () => keksFromFiles([join(config.home, 'kek')]));
    // What is rotated is older than the rotation; afterwards the gateway notices.
    await gateway.travel(1_000);
    await rotateDataKeys({ database, keyring, clock, kek }, 'fingerprint', [], { settleMs: 0 });
    await gateway.travel(3_000);
  };
  const { cardInfo: card, ...others } = cardInfo(challenged);
  const { cardNumber: pan, cardCvv: cvv, cardHolderName: name } = card;
  const binding = { tokenRequestId: freshId('treq'), merchantUserId: 'user_1', tokenType: 'CARD' };
  const tokenData = { pan, expiry: '12/2030', cvv, name };

  test.each([
    ['an order', '/order/create', () => orderOf(gateway, { cardInfo: card, ...others }), urlIn],
    ['a binding', '/tokenization/generate', () => ({ ...binding, tokenData }), ({ data }: Answer) => data.tokenId],
  ] as const)(
    'a bare card that is sent again under the id of %s is no other card',
    async (_, path, bodyOf, inAnswer) => {
      const body = bodyOf();
      const first = await gateway.call(path, body, gateway.pci);
      expect(inAnswer(first)).toBeTruthy();
      await newerKey();
      const again = await gateway.call(path, body, gateway.pci);
      expect(again).toMatchObject({ code: '0' });
      expect(inAnswer(again)).toBe(inAnswer(first));
    },
  );
});
