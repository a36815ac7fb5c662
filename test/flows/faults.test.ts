/**
 * Every fault that an operation declares is provoked here. The list is walked from the declarations: a fault that is
 * declared and not provoked fails, and so does a row for a fault that nobody declares.
 */
import type { FaultName } from '@waffo/protocol/codes';
import { faults } from '@waffo/protocol/codes';
import { seal } from '@waffo/protocol/envelope/seal';
import { doorFaults, type Operation } from '@waffo/protocol/operation';
import { operations } from '@waffo/protocol/operations/all';
import { sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { privateKeyOf, publicKeyOf } from '../kit/keys.ts';
import { provokeSubscriptions } from '../kit/subscription-faults.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
/** Another one, that takes ten calls in ten seconds. */
let limited: TestGateway | undefined;
/** One that takes ten calls of anybody, for its clock stands still. */
const startLimited = async (): Promise<TestGateway> => {
  limited ??= await startTestGateway({ WAFFO_LIMITS: 'on', WAFFO_MERCHANT_RATE: '1', WAFFO_NETWORK_RATE: '1' });
  return limited;
};
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.stop();
  await limited?.stop();
});

const sql = (text: string, values: unknown[] = []) =>
  gateway.database.rows({ name: `test/${freshId('s')}`, text }, values);

const subscriptions = provokeSubscriptions({
  gateway: () => gateway,
  sql,
  contracted: (...at) => contracted(...at),
  expiredToken: () => expiredToken(),
  bareCardBody: (card) => bareCardBody(card),
});

/** A request that each operation accepts. */
const good: Record<string, () => Promise<Record<string, unknown>>> = {
  '/tokenization/generate': async () => ({ ...merchantPart(), ...binding() }),
  '/tokenization/submit': async () => submission(await openSession()),
  '/tokenization/inquiry': async () => ({ ...merchantPart(), merchantUserId: 'user_1' }),
  '/tokenization/remove': async () => ({ ...merchantPart(), tokenId: await gateway.bind() }),
  '/order/create': async () => ({ ...merchantPart(), ...orderOf(gateway, { tokenId: await gateway.bind() }) }),
  '/order/inquiry': async () => ({ paymentRequestId: String((await paidOrder()).paymentRequestId) }),
  '/order/cancel': async () => ({ ...idPart(), orderRequestedAt: now, acquiringOrderId: await authorizedOrder() }),
  '/order/capture': async () => ({ ...(await captureOf(await authorizedOrder())), captureRequestedAt: now }),
  '/order/refund': async () => ({ ...idPart(), requestedAt: now, ...refundOf(await paidOrderId()) }),
  '/refund/inquiry': async () => {
    const body = refundOf(await paidOrderId());
    await gateway.call('/order/refund', body);
    return { refundRequestId: body.refundRequestId };
  },
  ...subscriptions.good,
  '/merchantconfig/inquiry': async () => idPart(),
  '/paymethodconfig/inquiry': async () => idPart(),
};

const now = '2026-11-23T12:00:00.000Z';
const idPart = () => ({ merchantId: gateway.merchant.merchantId });
const shopper = { userId: 'user_1', userEmail: 'user_1@example.com', userTerminal: 'WEB' };
const manual = { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' };
const captureOf = async (acquiringOrderId: string, captureAmount = '100.00') => ({
  ...idPart(),
  acquiringOrderId,
  captureAmount,
});
const refundOf = (acquiringOrderId: string, refundAmount = '10.00') => ({
  refundRequestId: freshId('r').slice(-32),
  acquiringOrderId,
  refundAmount,
  refundReason: 'Broken spout',
});
/** The order of an approved charge; a number of the sandbox says what happens to it later. */
async function orderId(fields: object, card: object): Promise<string> {
  const { data } = await pay(fields, card);
  return data.acquiringOrderId;
}
const paidOrderId = (pan = '4111111111111111') => orderId({}, { pan });
const authorizedOrder = (pan = '4111111111111111') => orderId({ paymentInfo: manual }, { pan });
const cancelling = async (acquiringOrderId: Promise<string> | string) =>
  gateway.call('/order/cancel', { acquiringOrderId: await acquiringOrderId });
const capturing = async (acquiringOrderId: Promise<string> | string, amount = '100.00') =>
  gateway.call('/order/capture', await captureOf(await acquiringOrderId, amount));
const refunding = async (acquiringOrderId: Promise<string> | string, amount?: string) =>
  gateway.call('/order/refund', refundOf(await acquiringOrderId, amount));

/** Rows of the merchant's contract, for as long as `work` takes. */
async function contracted<T>(table: string, rows: string, work: () => Promise<T>): Promise<T> {
  await sql(`insert into ${table} select $1, ${rows}`, [gateway.merchant.merchantId]);
  try {
    return await work();
  } finally {
    await sql(`delete from ${table}`);
  }
}
const visaMethod = (country: string, rest: string) =>
  `'ONE_TIME_PAYMENT', 'CREDITCARD', 'CC_VISA', '${country}', '', null, null, ${rest}`;

const merchantPart = () => ({ merchantInfo: { merchantId: gateway.merchant.merchantId } });
const binding = (fields: object = {}) => ({
  tokenRequestId: freshId('treq'),
  merchantUserId: freshId('u'),
  tokenType: 'CARD',
  ...fields,
});
const bare = (fields: object = {}) =>
  binding({ tokenData: { pan: '4111111111111111', expiry: '12/2030', cvv: '123', ...fields } });
const asPci = (body: object) => gateway.call('/tokenization/generate', body, gateway.pci);
const openSession = async (user = freshId('u')): Promise<string> =>
  (await gateway.call('/tokenization/generate', binding({ merchantUserId: user }))).data.tokenSessionId;
const submission = async (tokenSessionId: string, card: object = {}) => ({
  tokenSessionId,
  encryptedCard: await seal(tokenSessionId, { ...testCard, ...card }),
});
const pay = async (fields: object, card: object = {}) =>
  gateway.call('/order/create', orderOf(gateway, { tokenId: await gateway.bind(card), ...fields }));
/** A token whose card has expired since. */
async function expiredToken(): Promise<string> {
  const tokenId = await gateway.bind({ expiry: '11/2026' });
  const expire = `update token set card_summary = jsonb_set(card_summary, '{expiry}', '"10/2026"') where token_id = $1`;
  await sql(expire, [tokenId]);
  return tokenId;
}
async function paidOrder() {
  const order = orderOf(gateway, { tokenId: await gateway.bind() });
  await gateway.call('/order/create', order);
  return order;
}
const bareCardBody = (card: object) => {
  const cardInfo = { cardNumber: '4111111111111111', cardExpiryYear: 2030, cardExpiryMonth: 12, cardCvv: '123' };
  const user = { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' };
  const userInfo = { ...user, userBrowserIp: '::1', userAgent: 'a' };
  return { cardInfo: { ...cardInfo, cardHolderName: 'Ada Lovelace', ...card }, userInfo };
};
const payBare = (card: object) => gateway.call('/order/create', orderOf(gateway, bareCardBody(card)), gateway.pci);
const mit = { productName: 'ONE_TIME_PAYMENT', merchantInitiatedMode: 'scheduled' };

/** 100 tokens for a user, made from one. */
async function fill(user: string): Promise<void> {
  await gateway.bind({}, user);
  await sql(
    `insert into token (merchant_id, token_id, token_request_id, merchant_user_id, sub_merchant_id, status,
       card_id, card_summary, billing_address, notify_url, created_at, updated_at)
     select merchant_id, token_id || n, token_request_id || n, merchant_user_id, sub_merchant_id, status,
       null, card_summary, billing_address, notify_url, created_at, updated_at
     from token, generate_series(1, 99) n where merchant_user_id = $1`,
    [user],
  );
}

/** The attempt looks as if another process were at the acquirer right now. */
const putBackToSending = (subjectId: string) =>
  sql(`update payment_attempt set status = 'SENDING' where subject_id = $1`, [subjectId]);

const provoke: Record<string, Partial<Record<FaultName, () => Promise<Answer>>>> = {
  '/tokenization/generate': {
    IDEMPOTENCY_MISMATCH: async () => {
      const body = binding();
      await gateway.call('/tokenization/generate', body);
      return gateway.call('/tokenization/generate', { ...body, merchantUserId: 'other' });
    },
    CONCURRENT_REQUEST: async () => {
      const body = bare();
      await asPci(body);
      await putBackToSending(String((body as { tokenRequestId: string }).tokenRequestId));
      return asPci(body);
    },
    CARD_DATA_INVALID: () => asPci(bare({ expiry: '12/2025' })),
    CARD_NOT_SUPPORTED: () => asPci(bare({ pan: '9999999999999995' })),
    CHANNEL_REJECTED: () => asPci(bare({ pan: '4576750000000220' })),
    STATUS_UNKNOWN: () => asPci(bare({ pan: '4000000000000119' })),
    MERCHANT_LIMIT_EXCEEDED: async () => {
      await fill('full');
      return gateway.call('/tokenization/generate', binding({ merchantUserId: 'full' }));
    },
  },
  '/tokenization/submit': {
    IDEMPOTENCY_MISMATCH: async () => {
      const session = await openSession();
      await gateway.submit(session, {});
      return gateway.submit(session, { name: 'Somebody Else' });
    },
    CONCURRENT_REQUEST: async () => {
      const body = await submission(await openSession());
      await post('/tokenization/submit', body);
      await sql(
        `update payment_attempt set status = 'SENDING' where subject_id =
           (select token_request_id from tokenization_session where session_id = $1)`,
        [body.tokenSessionId],
      );
      return post('/tokenization/submit', body);
    },
    CARD_DATA_INVALID: async () => gateway.submit(await openSession(), { expiry: '12/2025' }),
    CARD_NOT_SUPPORTED: async () => gateway.submit(await openSession(), { pan: '9999999999999995' }),
    CHANNEL_REJECTED: async () => gateway.submit(await openSession(), { pan: '4576750000000220' }),
    STATUS_UNKNOWN: async () => gateway.submit(await openSession(), { pan: '4000000000000119' }),
    MERCHANT_LIMIT_EXCEEDED: async () => {
      const session = await openSession('full_later');
      await fill('full_later');
      return gateway.submit(session, {});
    },
  },
  '/tokenization/remove': {
    TOKEN_INVALID: () => gateway.call('/tokenization/remove', { tokenId: `tok_${'x'.repeat(22)}` }),
  },
  '/order/create': {
    IDEMPOTENCY_MISMATCH: async () => {
      const order = await paidOrder();
      return gateway.call('/order/create', { ...order, orderAmount: '100.01' });
    },
    CONCURRENT_REQUEST: async () => {
      const order = await paidOrder();
      const { data } = await gateway.call('/order/create', order);
      await putBackToSending(data.acquiringOrderId);
      await sql(`update payment_order set status = 'PAY_IN_PROGRESS' where acquiring_order_id = $1`, [
        data.acquiringOrderId,
      ]);
      return gateway.call('/order/create', order);
    },
    CURRENCY_NOT_SUPPORTED: () => pay({ orderCurrency: 'XXX' }),
    AMOUNT_OUT_OF_RANGE: () => pay({ orderAmount: '0.00' }),
    TRANSACTION_LIMIT_EXCEEDED: () => contracted('merchant_currency', `'HKD', 9999, null`, () => pay({})),
    DAILY_LIMIT_EXCEEDED: () => contracted('merchant_currency', `'HKD', null, 9999`, () => pay({})),
    COUNTRY_NEEDED: () =>
      contracted('merchant_pay_method', visaMethod('HKG', 'true, true'), () =>
        contracted('merchant_pay_method', visaMethod('SGP', 'true, true'), () => pay({})),
      ),
    CARD_DATA_INVALID: () => payBare({ cardExpiryYear: 2025 }),
    CARD_NOT_SUPPORTED: () => payBare({ cardNumber: '9999999999999995' }),
    CONTRACT_FORBIDS: () => pay({ paymentInfo: { productName: 'BARTER' } }),
    PAY_METHOD_UNAVAILABLE: () => pay({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', payMethodType: 'EWALLET' } }),
    CARD_EXCLUDED: () =>
      pay({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', payMethodProperties: '{"cardPrefix":"5555"}' } }),
    TOKEN_EXPIRED: async () => pay({ tokenId: await expiredToken() }),
    TOKEN_INVALID: () => pay({ tokenId: `tok_${'x'.repeat(22)}` }),
    PAYMENT_TOKEN_INVALID: () => pay({ tokenId: 'tok_short' }),
    PHONE_INVALID: () => pay({ userInfo: { ...shopper, userPhone: 'none' } }),
    EMAIL_INVALID: () => pay({ userInfo: { ...shopper, userEmail: 'nobody' } }),
    LANGUAGE_NOT_SUPPORTED: () =>
      pay({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', cashierLanguage: 'not a language' } }),
    MIT_NEEDS_VERIFIED_TOKEN: async () => {
      const tokenId = await gateway.bind();
      return gateway.call(
        '/order/create',
        orderOf(gateway, { paymentInfo: { ...mit, userPaymentAccessToken: tokenId } }),
      );
    },
    TOKEN_UNVERIFIED: () => pay({ paymentInfo: mit }),
    ORDER_EXPIRY_PAST: () => pay({ orderExpiredAt: '2026-11-23T11:59:59.000Z' }),
    CHANNEL_REJECTED: () => pay({ orderAmount: '90.00' }),
    STATUS_UNKNOWN: () => pay({ orderAmount: '92.00' }),
  },
  '/order/inquiry': {
    ORDER_NOT_FOUND: () => gateway.call('/order/inquiry', { paymentRequestId: 'nobody_made_this' }),
  },
  '/order/cancel': {
    ORDER_NOT_FOUND: () => cancelling('A_nobody'),
    ORDER_ALREADY_PAID: () => cancelling(paidOrderId()),
    CANCEL_NOT_SUPPORTED: () => cancelling(authorizedOrder('4000000000002016')),
    CANCEL_REJECTED: () => cancelling(authorizedOrder('4000000000002024')),
    STATUS_UNKNOWN: async () => {
      const order = orderOf(gateway, { tokenId: await gateway.bind(), orderAmount: '92.00' });
      await gateway.call('/order/create', order);
      return gateway.call('/order/cancel', { paymentRequestId: order.paymentRequestId });
    },
  },
  '/order/capture': {
    ORDER_NOT_FOUND: () => capturing('A_nobody'),
    AMOUNT_OUT_OF_RANGE: () => capturing(authorizedOrder(), '100.01'),
    CAPTURE_NOT_SUPPORTED: () => capturing(paidOrderId()),
    CAPTURE_NOT_ALLOWED: async () => {
      const id = await authorizedOrder();
      await capturing(id);
      return capturing(id);
    },
    CHANNEL_REJECTED: () => capturing(authorizedOrder('4000000000002008')),
    STATUS_UNKNOWN: () => capturing(authorizedOrder(), '92.00'),
  },
  '/order/refund': {
    IDEMPOTENCY_MISMATCH: async () => {
      const body = refundOf(await paidOrderId());
      await gateway.call('/order/refund', body);
      return gateway.call('/order/refund', { ...body, refundAmount: '11.00' });
    },
    CONCURRENT_REQUEST: async () => {
      const body = refundOf(await paidOrderId());
      const { data } = await gateway.call('/order/refund', body);
      await putBackToSending(data.acquiringRefundOrderId);
      return gateway.call('/order/refund', body);
    },
    ORDER_NOT_FOUND: () => refunding('A_nobody'),
    AMOUNT_OUT_OF_RANGE: () => refunding(paidOrderId(), '0.00'),
    MERCHANT_BALANCE_INSUFFICIENT: () => refunding(paidOrderId('4000000000002032')),
    REFUND_NOT_ALLOWED: () => refunding(paidOrderId(), '100.01'),
    REFUND_NOT_SUPPORTED: async () => {
      const id = await paidOrderId();
      return contracted('merchant_pay_method', visaMethod('', 'true, false'), () => refunding(id));
    },
    CHARGEBACK_BLOCKS_REFUND: () => refunding(paidOrderId('4000000000002040')),
    REFUND_COUNT_EXCEEDED: async () => {
      const id = await paidOrderId();
      await sql('update payment_order set refund_count = 50 where acquiring_order_id = $1', [id]);
      return refunding(id);
    },
    REFUNDED_BY_PREVENTION: () => refunding(paidOrderId('4000000000002057')),
    CHANNEL_REJECTED: () => refunding(paidOrderId(), '90.00'),
    STATUS_UNKNOWN: () => refunding(paidOrderId(), '92.00'),
  },
  ...subscriptions.provoke,
  '/refund/inquiry': {
    ORDER_NOT_FOUND: () => gateway.call('/refund/inquiry', { refundRequestId: 'nobody_made_this' }),
  },
};

/** Sends a body as the operation's door wants it, with a change. */
async function post(
  path: string,
  body: object,
  change: { as?: SandboxMerchant; headers?: Record<string, string>; bytes?: string; to?: TestGateway } = {},
) {
  const to = change.to ?? gateway;
  const as = change.as ?? to.merchant;
  const bytes = Buffer.from(change.bytes ?? JSON.stringify(body));
  const browser = operations.find((operation) => operation.path === path)?.door === 'browser';
  const headers = {
    'content-type': 'application/json',
    'x-api-key': browser ? as.clientApiKey : as.apiKey,
    ...(!browser && { 'x-signature': await sign(bytes, privateKeyOf(as.merchantPrivateKey)) }),
    ...change.headers,
  };
  return to.send(`/api/v1${path}`, bytes, headers, publicKeyOf(as.waffoPublicKey));
}

/** Where a request names the merchant: in `merchantInfo`, in `merchantId`, or nowhere. */
const merchantMember = (operation: Operation): 'merchantInfo' | 'merchantId' | undefined => {
  const shape = (operation.request as { shape?: object }).shape ?? {};
  return (['merchantInfo', 'merchantId'] as const).find((member) => member in shape);
};
const foreign = { merchantInfo: { merchantId: 'M_SOMEBODY_ELSE' }, merchantId: 'M_SOMEBODY_ELSE' };

/** A table that the operation cannot do without. */
function tableOf(path: string): string {
  if (path.startsWith('/order')) return 'payment_order';
  if (path.startsWith('/subscription')) return 'subscription';
  if (path.startsWith('/refund')) return 'payment_refund';
  if (path.includes('config')) return 'merchant_currency';
  return path === '/tokenization/submit' ? 'tokenization_session' : 'token';
}

const provokeAtDoor: Partial<Record<FaultName, (operation: Operation) => Promise<Answer>>> = {
  BODY_TOO_LARGE: ({ path }) => post(path, {}, { bytes: JSON.stringify({ padding: 'x'.repeat(65_536) }) }),
  CONTENT_TYPE_INVALID: ({ path }) => post(path, {}, { headers: { 'content-type': 'text/plain' } }),
  API_KEY_INVALID: ({ path }) => post(path, {}, { headers: { 'x-api-key': 'wk_test_nobody' } }),
  SIGNATURE_INVALID: ({ path }) => post(path, {}, { headers: { 'x-signature': 'AAAA' } }),
  PARAMETER_INVALID: ({ path }) => post(path, {}, { bytes: '{' }),
  PERMISSION_DENIED: async (operation) => {
    const { path, door } = operation;
    const body = (await good[path]?.()) ?? {};
    if (door === 'browser') return post(path, body, { headers: { origin: 'https://evil.example' } });
    const member = merchantMember(operation) ?? 'merchantId';
    return post(path, { ...body, [member]: foreign[member] });
  },
  MERCHANT_STATUS_ABNORMAL: async ({ path }) => {
    const body = (await good[path]?.()) ?? {};
    await sql(`update merchant set status = 'SUSPENDED' where merchant_id = $1`, [gateway.merchant.merchantId]);
    try {
      return await post(path, body);
    } finally {
      await sql(`update merchant set status = 'ACTIVE' where merchant_id = $1`, [gateway.merchant.merchantId]);
    }
  },
  TOO_MANY_REQUESTS: async ({ path }) => {
    const to = await startLimited();
    const body = (await good[path]?.()) ?? {};
    for (let i = 0; i < 10; i++) await post(path, body, { to });
    const answer = await post(path, body, { to });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    return answer;
  },
  SYSTEM_ERROR: async ({ path }) => {
    const body = (await good[path]?.()) ?? {};
    const broken = tableOf(path);
    await sql(`alter table ${broken} rename to out_of_order`);
    try {
      return await post(path, body);
    } finally {
      await sql(`alter table out_of_order rename to ${broken}`);
    }
  },
  UNAVAILABLE: async ({ path }) => {
    const body = (await good[path]?.()) ?? {};
    return gateway.database.whileUnreachable(() => post(path, body));
  },
};

/** Who repeats what is on its way is told so after five seconds: all of them wait at the same time. */
const toldToWait = new Map<string, Answer>();
beforeAll(async () => {
  await Promise.all(
    Object.entries(provoke).map(async ([path, { CONCURRENT_REQUEST: repeat }]) => {
      if (repeat !== undefined) toldToWait.set(path, await repeat());
    }),
  );
});

describe.each(operations.map((operation) => operation as Operation))('$path', (operation) => {
  test.each(operation.faults.map((name) => [name, faults[name].code] as const))(
    'answers %s with %s',
    async (name, code) => {
      const act = provoke[operation.path]?.[name];
      if (act === undefined) throw new Error(`${operation.path} declares ${name}, and nothing here provokes it`);
      const answer = name === 'CONCURRENT_REQUEST' ? toldToWait.get(operation.path) : await act();
      expect(answer).toMatchObject({ code, status: faults[name].http, signed: true });
    },
    20_000,
  );

  const ofDoor = doorFaults[operation.door].filter(
    (name) => name !== 'PERMISSION_DENIED' || operation.door === 'browser' || merchantMember(operation) !== undefined,
  );
  test.each(ofDoor.map((name) => [name, faults[name].code] as const))(
    'answers %s at its door with %s',
    async (name, code) => {
      const act = provokeAtDoor[name];
      if (act === undefined) throw new Error(`the door declares ${name}, and nothing here provokes it`);
      const answer = await act(operation);
      expect(answer).toMatchObject({ code, status: faults[name].http });
      expect(answer.headers.get('x-signature')).toBeTruthy();
    },
  );

  test('provokes nothing that it does not declare', () => {
    expect(
      Object.keys(provoke[operation.path] ?? {}).filter((name) => !operation.faults.includes(name as FaultName)),
    ).toEqual([]);
  });

  test('accepts the good request that the refusals start from', async () => {
    expect(await post(operation.path, (await good[operation.path]?.()) ?? {})).toMatchObject({
      code: '0',
      signed: true,
    });
  });
});

test('a page that is posted to all the time says so, and when to come back; to look at it stays free', async () => {
  const to = await startLimited();
  const address = `${to.url}/subscription/S_nobody/secret`;
  const postPage = () => fetch(address, { method: 'POST', body: new URLSearchParams({ action: 'change-card' }) });
  for (let i = 0; i < 10; i++) await postPage();
  const answer = await postPage();
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.text()).toContain('Too many tries.');
  expect((await fetch(address)).status).toBe(404);
});
