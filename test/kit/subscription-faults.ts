/** Subscriptions' part of the faults that are provoked: a request that each operation accepts, and a row for each fault. */
import type { FaultName } from '@waffo/protocol/codes';
import { type Answer, freshId, type TestGateway } from './gateway.ts';
import { changeOf, productFor, subscriptionOf } from './subscription.ts';

interface Tools {
  /** The one that runs now. */
  gateway(): TestGateway;
  sql(text: string, values?: unknown[]): Promise<unknown[]>;
  /** Rows of the merchant's contract, for as long as `work` takes. */
  contracted<T>(table: string, rows: string, work: () => Promise<T>): Promise<T>;
  expiredToken(): Promise<string>;
  bareCardBody(card: object): object;
}

type Provoke = Record<string, Partial<Record<FaultName, () => Promise<Answer>>>>;

const now = '2026-11-23T12:00:00.000Z';
const phoneless = { userId: 'user_1', userEmail: 'user_1@example.com', userPhone: 'none' };
const mailless = { userId: 'user_1', userEmail: 'nobody' };

export function provokeSubscriptions({ gateway, sql, contracted, expiredToken, bareCardBody }: Tools): {
  readonly good: Record<string, () => Promise<Record<string, unknown>>>;
  readonly provoke: Provoke;
} {
  /** Of somebody new: a user has at most a hundred. */
  const subscriberToken = (card: object = {}) => gateway().bind(card, freshId('u'));
  const subscribe = async (fields: object = {}, card: object = {}) =>
    gateway().call(
      '/subscription/create',
      subscriptionOf(gateway(), { tokenId: await subscriberToken(card), ...fields }),
    );
  const subscriptionWith = (paymentInfo: object) =>
    subscribe({ paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD', ...paymentInfo } });
  /** Its id; with a card that is declined when it is charged, of one that never began. */
  const subscribed = async (card: object = {}) => ({ subscriptionId: (await subscribe({}, card)).data.subscriptionId });
  const closed = () => subscribed({ pan: '4000000000000341' });
  const repriced = async (fields: object, one = subscribed()) =>
    gateway().call('/subscription/update', { ...(await one), ...fields });
  const subscribeBare = (card: object, fields: object = {}) =>
    gateway().call(
      '/subscription/create',
      subscriptionOf(gateway(), { ...bareCardBody(card), ...fields }),
      gateway().pci,
    );

  const origin = async (card: object = {}) => String((await subscribe({}, card)).data.subscriptionRequest);
  const newChange = async (fields: object = {}) => changeOf(gateway(), await origin(), fields);
  const change = async (fields: object = {}, origins = origin()) =>
    gateway().call('/subscription/change', changeOf(gateway(), await origins, fields));
  const changeTo = (amount: string, remainingAmount = '0') =>
    change({ remainingAmount, productInfoList: [productFor(amount)] });
  const changeWith = (paymentInfo: object) => change({ paymentInfo: { productName: 'SUBSCRIPTION', ...paymentInfo } });
  /** An ACTIVE subscription whose card is good no more. */
  const originOf = async (status: 'expired' | 'removed') => {
    const { data } = await subscribe();
    const tokenId = status === 'expired' ? await expiredToken() : `tok_${'x'.repeat(22)}`;
    await sql('update subscription set token_id = $2 where subscription_id = $1', [data.subscriptionId, tokenId]);
    return String(data.subscriptionRequest);
  };
  /** As if its answer had not come yet. */
  const putBackToSending = (subscriptionId: string) =>
    sql(
      `update payment_attempt set status = 'SENDING' where subject_id =
         (select acquiring_order_id from subscription_charge where subscription_id = $1)`,
      [subscriptionId],
    );
  const idPart = () => ({ merchantId: gateway().merchant.merchantId });
  const merchantPart = () => ({ merchantInfo: idPart() });
  const good = {
    '/subscription/create': async () => ({
      ...merchantPart(),
      ...subscriptionOf(gateway(), { tokenId: await subscriberToken() }),
    }),
    '/subscription/inquiry': () => subscribed(),
    '/subscription/manage': () => subscribed(),
    '/subscription/change': async () => ({ ...merchantPart(), ...(await newChange()) }),
    '/subscription/change/inquiry': async () => {
      const { originSubscriptionRequest, subscriptionRequest } = await newChange();
      await change({ subscriptionRequest }, Promise.resolve(String(originSubscriptionRequest)));
      return { originSubscriptionRequest, subscriptionRequest };
    },
    '/subscription/update': async () => ({ ...(await subscribed()), amount: '1.00' }),
    '/subscription/cancel': async () => ({ ...idPart(), requestedAt: now, ...(await subscribed()) }),
  };
  const provoke: Provoke = {
    '/subscription/create': {
      IDEMPOTENCY_MISMATCH: async () => {
        const body = subscriptionOf(gateway(), { tokenId: await subscriberToken() });
        await gateway().call('/subscription/create', body);
        return gateway().call('/subscription/create', { ...body, amount: '100.01' });
      },
      CONCURRENT_REQUEST: async () => {
        const body = subscriptionOf(gateway(), { tokenId: await subscriberToken() });
        const { subscriptionId } = (await gateway().call('/subscription/create', body)).data;
        await putBackToSending(subscriptionId);
        return gateway().call('/subscription/create', body);
      },
      CURRENCY_NOT_SUPPORTED: () => subscribe({ currency: 'XXX' }),
      AMOUNT_OUT_OF_RANGE: () => subscribe({ amount: '0.00' }),
      TRANSACTION_LIMIT_EXCEEDED: () => contracted('merchant_currency', `'HKD', 9999, null`, () => subscribe()),
      DAILY_LIMIT_EXCEEDED: () => contracted('merchant_currency', `'HKD', null, 9999`, () => subscribe()),
      CONTRACT_FORBIDS: () => subscriptionWith({ productName: 'ONE_TIME_PAYMENT' }),
      CARD_DATA_INVALID: () => subscribeBare({ cardExpiryYear: 2025 }),
      CARD_NOT_SUPPORTED: () => subscribeBare({ cardNumber: '9999999999999995' }),
      PAY_METHOD_UNAVAILABLE: () => subscriptionWith({ payMethodType: 'EWALLET' }),
      CARD_EXCLUDED: () => subscriptionWith({ payMethodProperties: '{"cardPrefix":"5555"}' }),
      TOKEN_EXPIRED: async () => subscribe({ tokenId: await expiredToken() }),
      TOKEN_INVALID: () => subscribe({ tokenId: `tok_${'x'.repeat(22)}` }),
      PAYMENT_TOKEN_INVALID: () => subscribe({ tokenId: 'tok_short' }),
      PHONE_INVALID: () => subscribe({ userInfo: phoneless }),
      EMAIL_INVALID: () => subscribe({ userInfo: mailless }),
      TOKEN_UNVERIFIED: () => {
        const trial = { numberOfTrialPeriod: '1', trialPeriodAmount: '0' };
        const productInfo = { description: 'x', periodType: 'DAILY', periodInterval: '1', ...trial };
        return subscribeBare({}, { productInfo });
      },
      LANGUAGE_NOT_SUPPORTED: () => subscriptionWith({ cashierLanguage: 'not a language' }),
      ORDER_EXPIRY_PAST: () => subscribe({ orderExpiredAt: '2026-11-23T11:59:59.000Z' }),
      CHANNEL_REJECTED: () => subscribe({ amount: '90.00' }),
      STATUS_UNKNOWN: () => subscribe({ amount: '92.00' }),
    },
    '/subscription/inquiry': {
      ORDER_NOT_FOUND: () => gateway().call('/subscription/inquiry', { subscriptionRequest: 'nobody_made_this' }),
    },
    '/subscription/update': {
      ORDER_NOT_FOUND: () => gateway().call('/subscription/update', { subscriptionId: 'SC_nobody' }),
      AMOUNT_OUT_OF_RANGE: () => repriced({ amount: '0.00' }),
      CHANNEL_REJECTED: () => repriced({ amount: '90.00' }),
      ORDER_STATE_INVALID: () => repriced({ amount: '1.00' }, closed()),
    },
    '/subscription/change': {
      IDEMPOTENCY_MISMATCH: async () => {
        const body = await newChange();
        await gateway().call('/subscription/change', body);
        return gateway().call('/subscription/change', { ...body, remainingAmount: '40.01' });
      },
      CONCURRENT_REQUEST: async () => {
        const body = await newChange();
        const { subscriptionId } = (await gateway().call('/subscription/change', body)).data;
        await putBackToSending(subscriptionId);
        return gateway().call('/subscription/change', body);
      },
      ORDER_NOT_FOUND: () => change({}, Promise.resolve('nobody_made_this')),
      ORDER_STATE_INVALID: () => change({}, origin({ pan: '4000000000000341' })),
      CURRENCY_NOT_SUPPORTED: () => change({ currency: 'USD' }),
      AMOUNT_OUT_OF_RANGE: () => changeTo('0.00'),
      TRANSACTION_LIMIT_EXCEEDED: async () => {
        const body = await newChange();
        return contracted('merchant_currency', `'HKD', 9999, null`, () => gateway().call('/subscription/change', body));
      },
      DAILY_LIMIT_EXCEEDED: async () => {
        const body = await newChange();
        return contracted('merchant_currency', `'HKD', null, 9999`, () => gateway().call('/subscription/change', body));
      },
      CONTRACT_FORBIDS: () => changeWith({ productName: 'ONE_TIME_PAYMENT' }),
      PAY_METHOD_UNAVAILABLE: () => changeWith({ payMethodType: 'EWALLET' }),
      TOKEN_EXPIRED: () => change({}, originOf('expired')),
      TOKEN_INVALID: () => change({}, originOf('removed')),
      PHONE_INVALID: () => change({ userInfo: phoneless }),
      EMAIL_INVALID: () => change({ userInfo: mailless }),
      LANGUAGE_NOT_SUPPORTED: () => changeWith({ cashierLanguage: 'not a language' }),
      ORDER_EXPIRY_PAST: () => change({ orderExpiredAt: '2026-11-23T11:59:59.000Z' }),
      CHANNEL_REJECTED: () => changeTo('90.00'),
      STATUS_UNKNOWN: () => changeTo('92.00'),
    },
    '/subscription/change/inquiry': {
      ORDER_NOT_FOUND: async () => {
        const [originSubscriptionRequest, subscriptionRequest] = [await origin(), await origin()];
        return gateway().call('/subscription/change/inquiry', { originSubscriptionRequest, subscriptionRequest });
      },
    },
    '/subscription/manage': {
      ORDER_NOT_FOUND: () => gateway().call('/subscription/manage', { subscriptionId: 'SC_nobody' }),
      ORDER_STATE_INVALID: async () => gateway().call('/subscription/manage', await closed()),
    },
    '/subscription/cancel': {
      ORDER_NOT_FOUND: () => gateway().call('/subscription/cancel', { subscriptionId: 'SC_nobody' }),
      CANCEL_REJECTED: async () => gateway().call('/subscription/cancel', await closed()),
      STATUS_UNKNOWN: async () => {
        const body = subscriptionOf(gateway(), { tokenId: await subscriberToken(), amount: '92.00' });
        await gateway().call('/subscription/create', body);
        const { subscriptionRequest } = body;
        await sql(`update subscription set status = 'ACTIVE' where subscription_request = $1`, [subscriptionRequest]);
        const { subscriptionId } = (await gateway().call('/subscription/inquiry', { subscriptionRequest })).data;
        return gateway().call('/subscription/cancel', { subscriptionId });
      },
    },
  };
  return { good, provoke };
}
