import * as order from '@waffo/protocol/operations/order';
import * as subscription from '@waffo/protocol/operations/subscription';
import * as tokenization from '@waffo/protocol/operations/tokenization';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../fault.ts';
import { parseRequest } from './parse-request.ts';

const good = {
  paymentRequestId: 'p1',
  merchantOrderId: 'o1',
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: '2026-11-23T12:00:00.000Z',
  notifyUrl: 'https://shop.example/hook',
  merchantInfo: { merchantId: 'm1' },
  userInfo: { userId: 'u1', userEmail: 'u@example.com', userTerminal: 'WEB' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
};

const bytes = (value: object) => Buffer.from(JSON.stringify(value));

function message(body: object, schema = order.create.request as Parameters<typeof parseRequest>[0]): string {
  try {
    parseRequest(schema, bytes(body));
  } catch (error) {
    expect(error).toMatchObject({ fault: 'PARAMETER_INVALID' });
    return (error as Fault).message;
  }
  throw new Error('it was accepted');
}

test('a member that is null was not given, however deep it is, and a list keeps what it holds', () => {
  const unset = { goodsInfo: null, cardInfo: null, successRedirectUrl: null };
  const sent = bytes({
    ...good,
    ...unset,
    userInfo: { ...good.userInfo, userPhone: null },
    riskData: { list: [null] },
  });
  const parsed = parseRequest(order.create.request, sent);
  expect(parsed).toEqual(parseRequest(order.create.request, bytes({ ...good, riskData: { list: [null] } })));
});

test('a top-up is refused, and not forgotten', () => {
  const topupInfo = { topupRequest: 't1', topupAmount: '5.00' };
  expect(message({ subscriptionId: 's1', topupInfo }, subscription.update.request)).toBe(
    'topupInfo: expected that it is absent, for it is not offered',
  );
});

describe('a message names the member and what is expected', () => {
  test.each<[object, string]>([
    [{ orderAmount: 100 }, 'orderAmount: expected a string'],
    [{ orderAmount: undefined }, 'orderAmount: missing; expected a string'],
    [{ orderAmount: '' }, 'orderAmount: expected a text that is not empty'],
    [{ orderAmount: '1'.repeat(25) }, 'orderAmount: expected at most 24 characters'],
    [
      { orderRequestedAt: 'yesterday' },
      'orderRequestedAt: expected a date-time of ISO 8601 with a zone, e.g. 2026-04-01T12:00:00.000Z',
    ],
    [{ userInfo: { ...good.userInfo, userId: null } }, 'userInfo.userId: missing; expected a string'],
    [{ userInfo: 'u1' }, 'userInfo: expected an object'],
    [{ goodsInfo: { goodsQuantity: '3' } }, 'goodsInfo.goodsQuantity: expected a number'],
    [{ paymentTokenData: 7 }, 'paymentTokenData: expected a string or an object'],
    [{ addressInfo: [] }, 'addressInfo: expected an object'],
    [{ addressInfo: { postcode: '1'.repeat(17) } }, 'addressInfo.postcode: expected at most 16 characters'],
  ])('%j', (change, expected) => expect(message({ ...good, ...change })).toBe(expected));

  test('a wrong constant is answered with the right one', () => {
    const body = { tokenRequestId: 't', merchantUserId: 'u', tokenType: 'WALLET', merchantInfo: { merchantId: 'm' } };
    expect(message(body, tokenization.generate.request)).toBe('tokenType: expected "CARD"');
  });

  test('three mistakes are named at once, and no more', () => {
    expect(message({}).split('; expected')).toHaveLength(4);
  });

  test('a value is never repeated, for it may be a card number', () => {
    const pan = '4111111111111111';
    for (const member of Object.keys(good)) expect(message({ ...good, [member]: [pan] })).not.toContain('4111');
    expect(message({ ...good, orderCurrency: pan })).not.toContain('4111');
  });
});

test('members that nobody declared stay behind', () => {
  const { input } = parseRequest(
    order.create.request,
    bytes({ ...good, status: 'PAY_SUCCESS', userInfo: { ...good.userInfo, admin: true } }),
  );
  expect(input).toEqual(good);
});

test('addresses stay as they were sent, in either published shape, with members of their own', () => {
  for (const addressInfo of [
    { address: 'street 1', postcode: '112233', district: 'north' },
    { shippingAddress: { country: 'USA', address1: '1 Main St', postalCode: '94102' }, billingAddress: {} },
  ]) {
    expect(parseRequest(order.create.request, bytes({ ...good, addressInfo })).input).toEqual({ ...good, addressInfo });
  }
});
