/** 3-D Secure at binding: each card of the table, each way a challenge can end, and that nobody but the issuer decides. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { enterCode, newShopper, startChallenge } from '../kit/shopper.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const minute = 60_000;

/** What the merchant was told of a binding, oldest first. */
async function toldOf(tokenRequestId: string) {
  await gateway.settle();
  const events = gateway.receiver.events('TOKENIZATION_NOTIFICATION').map(({ result }) => result);
  return events.filter((result) => result.tokenRequestId === tokenRequestId);
}

const failureIn = (told: { failedReason: string }) => JSON.parse(told.failedReason).tokenFailedCode;

async function submitCard(pan: string) {
  const tokenRequestId = freshId('treq');
  const body = { tokenRequestId, merchantUserId: freshId('user'), tokenType: 'CARD', notifyUrl: gateway.receiver.url };
  const opened = await gateway.call('/tokenization/generate', body);
  return { tokenRequestId, answer: await gateway.submit(opened.data.tokenSessionId, { pan }) };
}

const holds = () => gateway.database.rows({ name: 'test/holds', text: 'select hold_id from vault_cvv_hold' });

const row = async (authenticationId: string) =>
  (
    await gateway.database.rows<{ status: string; acs_trans_id: string; eci: string | null; trans_status: string }>(
      { name: 'test/authentication', text: 'select * from threeds_authentication where authentication_id = $1' },
      [authenticationId],
    )
  )[0];

describe('without a challenge', () => {
  test('a card that takes no part is bound UNVERIFIED, and nobody is asked', async () => {
    const { tokenRequestId, answer } = await submitCard('4111111111111111');
    expect(answer.data).toEqual({ tokenRequestId });
    expect(await toldOf(tokenRequestId)).toMatchObject([{ tokenStatus: 'UNVERIFIED' }]);
  });

  test('a card that the issuer knows is VERIFIED at once, and may be charged without the shopper', async () => {
    const { tokenRequestId, answer } = await submitCard('4000000000001091');
    expect(answer.data).toEqual({ tokenRequestId });
    const [told] = await toldOf(tokenRequestId);
    expect(told).toMatchObject({ tokenStatus: 'VERIFIED' });
    const paymentInfo = {
      productName: 'ONE_TIME_PAYMENT',
      merchantInitiatedMode: 'unscheduled',
      userPaymentAccessToken: told.tokenId,
    };
    const charged = await gateway.call('/order/create', orderOf(gateway, { tokenId: told.tokenId, paymentInfo }));
    expect(charged.data).toMatchObject({ orderStatus: 'PAY_SUCCESS' });
  });

  test('a card that the issuer refuses is not bound, and only the merchant learns why', async () => {
    const { tokenRequestId, answer } = await submitCard('4000000000001109');
    expect(answer).toMatchObject({ code: 'C0005', signed: true });
    expect(answer.raw).not.toContain('AUTHENTICATION');
    const told = await toldOf(tokenRequestId);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ tokenStatus: 'FAILED' });
    expect(failureIn(told[0])).toBe('AUTHENTICATION_FAILED');
  });

  test('a card whose issuer does not answer is bound UNVERIFIED', async () => {
    const { tokenRequestId, answer } = await submitCard('4000000000001117');
    expect(answer.data).toEqual({ tokenRequestId });
    expect(await toldOf(tokenRequestId)).toMatchObject([{ tokenStatus: 'UNVERIFIED' }]);
  });

  test('a bare card comes without a shopper, and nobody is asked', async () => {
    const tokenData = { pan: '4000000000001000', expiry: '12/2030', cvv: '123', name: 'Ada' };
    const body = { tokenRequestId: freshId('treq'), merchantUserId: 'bare', tokenType: 'CARD', tokenData };
    const bound = await gateway.call('/tokenization/generate', body, gateway.pci);
    const [token] = (await gateway.call('/tokenization/inquiry', { tokenId: bound.data.tokenId }, gateway.pci)).data;
    expect(token).toMatchObject({ tokenStatus: 'UNVERIFIED' });
  });

  test('leaves no CVV behind', async () => {
    expect(await holds()).toEqual([]);
  });
});

describe('a challenge', () => {
  test('that is passed makes a VERIFIED token, once, and the CVV is gone with the result', async () => {
    const challenge = await startChallenge(gateway);
    expect(await toldOf(challenge.tokenRequestId)).toEqual([]);
    expect(await holds()).toHaveLength(1);
    const shopper = newShopper();
    const asked = await shopper.visit(challenge.validateUrl);
    expect(asked).toMatchObject({ status: 200 });
    expect(asked.text).toContain('400000******1000');
    expect(asked.text).toContain('name="challengeDataEntry"');
    const ended = await enterCode(shopper, challenge, '1234');
    expect(ended.text).toContain('Your card is confirmed.');
    expect(await holds()).toEqual([]);
    const told = await toldOf(challenge.tokenRequestId);
    expect(told).toMatchObject([{ tokenStatus: 'VERIFIED', tokenId: expect.stringMatching(/^tok_/) }]);
    expect(await row(challenge.authenticationId)).toMatchObject({
      status: 'AUTHENTICATED',
      trans_status: 'Y',
      eci: '05',
    });
  });

  test('forgives two wrong codes', async () => {
    const challenge = await startChallenge(gateway);
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    expect((await enterCode(shopper, challenge, '0000')).text).toContain('2 tries left');
    expect((await enterCode(shopper, challenge, '9999')).text).toContain('One try left');
    await enterCode(shopper, challenge, ' 1234 ');
    expect(await toldOf(challenge.tokenRequestId)).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
  });

  test('ends with the third wrong code, and the right one comes too late', async () => {
    const challenge = await startChallenge(gateway);
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    for (const code of ['0000', '0001', '0002', '1234']) await enterCode(shopper, challenge, code);
    expect((await shopper.visit(challenge.address)).text).toContain('could not be confirmed');
    const told = await toldOf(challenge.tokenRequestId);
    expect(told.map(failureIn)).toEqual(['AUTHENTICATION_FAILED']);
    expect(await holds()).toEqual([]);
  });

  test('that is cancelled fails the binding', async () => {
    const challenge = await startChallenge(gateway);
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    const ended = await shopper.post(challenge.address, { challengeDataEntry: '', action: 'cancel' });
    expect(ended.text).toContain('You cancelled');
    expect((await toldOf(challenge.tokenRequestId)).map(failureIn)).toEqual(['AUTHENTICATION_CANCELLED']);
  });

  test('that is abandoned fails the binding after ten minutes, not before, and erases card and CVV', async () => {
    const challenge = await startChallenge(gateway);
    await gateway.travel(10 * minute - 1);
    expect(await toldOf(challenge.tokenRequestId)).toEqual([]);
    await gateway.travel(1);
    expect((await toldOf(challenge.tokenRequestId)).map(failureIn)).toEqual(['AUTHENTICATION_EXPIRED']);
    expect(await holds()).toEqual([]);
    const late = await newShopper().visit(challenge.validateUrl);
    expect(late.text).toContain('The time is over');
    expect(late.text).not.toContain('challengeDataEntry');
  });

  test('that is answered right, but late, stays failed', async () => {
    const challenge = await startChallenge(gateway);
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    gateway.clock.moveTo(new Date(gateway.clock.now().getTime() + 10 * minute));
    expect((await enterCode(shopper, challenge, '1234')).text).toContain('The time is over');
    expect((await toldOf(challenge.tokenRequestId)).map(failureIn)).toEqual(['AUTHENTICATION_EXPIRED']);
  });

  test('whose CVV was lost in a crash asks for the card again', async () => {
    const challenge = await startChallenge(gateway);
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    await gateway.database.rows({ name: 'test/crash', text: 'truncate vault_cvv_hold' });
    await enterCode(shopper, challenge, '1234');
    expect((await toldOf(challenge.tokenRequestId)).map(failureIn)).toEqual(['SECURITY_CODE_LOST']);
  });

  test('of a card that was sent without a CVV needs none', async () => {
    const tokenRequestId = freshId('treq');
    const body = { tokenRequestId, merchantUserId: 'u', tokenType: 'CARD', notifyUrl: gateway.receiver.url };
    const opened = await gateway.call('/tokenization/generate', body);
    const card = { pan: '4000000000001000', cvv: '' };
    const { validateUrl } = (await gateway.submit(opened.data.tokenSessionId, card)).data;
    const shopper = newShopper();
    await shopper.visit(validateUrl);
    await shopper.post(validateUrl.slice(0, validateUrl.lastIndexOf('/')), {
      challengeDataEntry: '1234',
      action: 'submit',
    });
    expect(await toldOf(tokenRequestId)).toMatchObject([{ tokenStatus: 'VERIFIED' }]);
  });
});

describe('the way back', () => {
  const returnUrl = 'http://localhost:3999/done?cart=7';

  test.each([
    ['success', { challengeDataEntry: '1234', action: 'submit' }],
    ['failed', { challengeDataEntry: '', action: 'cancel' }],
  ])('leads to the shop with result=%s', async (result, form) => {
    const challenge = await startChallenge(gateway, { returnUrl });
    const shopper = newShopper();
    await shopper.visit(challenge.validateUrl);
    const { text } = await shopper.post(challenge.address, form);
    const home = `${returnUrl}&amp;tokenRequestId=${challenge.tokenRequestId}&amp;result=${result}`;
    expect(text).toContain(`<meta http-equiv="refresh" content="0; url=${home}">`);
    expect(text).toContain(`href="${home}"`);
  });

  test('is refused to an origin that is not registered', async () => {
    await expect(startChallenge(gateway, { returnUrl: 'https://evil.example/' })).rejects.toThrow('returnUrl');
    await expect(startChallenge(gateway, { returnUrl: 'javascript:alert(1)' })).rejects.toThrow('returnUrl');
  });
});

describe('a repeat of the submission', () => {
  test('is answered with the same link, and with success once it is passed', async () => {
    const tokenRequestId = freshId('treq');
    const body = { tokenRequestId, merchantUserId: 'again', tokenType: 'CARD', notifyUrl: gateway.receiver.url };
    const { data } = await gateway.call('/tokenization/generate', body);
    const { seal } = await import('@waffo/protocol/envelope/seal');
    const card = { pan: '4000000000001000', expiry: '12/2030', cvv: '123' };
    const bytes = JSON.stringify({
      tokenSessionId: data.tokenSessionId,
      encryptedCard: await seal(data.tokenSessionId, card),
    });
    const headers = { 'content-type': 'application/json', 'x-api-key': gateway.merchant.clientApiKey };
    const submit = () => gateway.send('/api/v1/tokenization/submit', bytes, headers);
    const first = await submit();
    expect((await submit()).data).toEqual(first.data);
    const shopper = newShopper();
    await shopper.visit(first.data.validateUrl);
    const address = first.data.validateUrl.replace(/\/[^/]+$/, '');
    await shopper.post(address, { challengeDataEntry: '1234', action: 'submit' });
    expect((await submit()).data).toEqual({ tokenRequestId });
    const again = await gateway.call('/tokenization/generate', body);
    expect(again.data.tokenId).toMatch(/^tok_/);
  });
});
