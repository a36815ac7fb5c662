/**
 * Whoever writes a client from the vendor's own description is understood: what is valid by it is taken, with the least
 * members and with all of them at their full length. Our answers are held to it in every test, by the kit.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshId, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { testCard } from '../kit/test-card.ts';
import {
  departures,
  faultsOfVendorAnswer,
  faultsOfVendorRequest,
  resolved,
  type VendorSchema,
  vendorPaths,
  vendorRequestOf,
} from '../kit/vendor.ts';

let gateway: TestGateway;
/** `/order/create all` */
const asked = new Set<string>();
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** What means something; all else is any text of the length that is allowed. */
const meant = (): Readonly<Record<string, unknown>> => ({
  merchantId: gateway.pci.merchantId,
  orderCurrency: 'IDR',
  userCurrency: 'IDR',
  orderAmount: '100000',
  refundAmount: '100000',
  orderExpiredAt: '2026-11-23T13:00:00.000Z',
  userCreatedAt: '2021-05-16T08:00:00.000Z',
  notifyUrl: `${gateway.receiver.url}/`.padEnd(256, 'n'),
  refundNotifyUrl: `${gateway.receiver.url}/`.padEnd(256, 'n'),
  successRedirectUrl: 'https://shop.example/'.padEnd(512, 's'),
  failedRedirectUrl: 'https://shop.example/'.padEnd(512, 'f'),
  cancelRedirectUrl: 'https://shop.example/'.padEnd(512, 'c'),
  userEmail: 'test@email.com'.padStart(64, 'x'),
  userPhone: '+62-08990013157'.padEnd(16, '0'),
  userTerminal: 'WEB',
  userType: 'INDIVIDUAL',
  userCountryCode: 'IDN',
  nationality: 'IDN',
  productName: 'ONE_TIME_PAYMENT',
  payMethodType: 'CREDITCARD',
  payMethodName: 'CC_VISA',
  payMethodProperties: '{}',
  payMethodCountry: '',
  cashierLanguage: 'en',
  captureMode: '',
  merchantInitiatedMode: '',
  userPaymentAccessToken: '',
  paymentTokenData: '',
  threeDsDecision: 'NO_3DS',
  cardNumber: testCard.pan,
  cardExpiryYear: 2030,
  cardExpiryMonth: 12,
  cardCvv: '123',
  /** 128 characters; a sealed card has room for 226 bytes of them. */
  cardHolderName: 'é'.repeat(98).padEnd(128, 'e'),
});

/** A request with every member that is described, or with the required ones, and nothing else. */
function requestBy(schema: VendorSchema, which: 'all' | 'required', given: Readonly<Record<string, unknown>>): object {
  const { properties = {}, required = [] } = schema;
  const members = Object.entries(properties).filter(([name]) => which === 'all' || required.includes(name));
  return Object.fromEntries(members.map(([name, member]) => [name, given[name] ?? valueBy(member, which, given)]));
}

function valueBy(member: VendorSchema, which: 'all' | 'required', given: Readonly<Record<string, unknown>>): unknown {
  const schema = resolved(member);
  if (schema.type === 'object') return requestBy(schema, which, given);
  if (schema.type === 'integer') return 1;
  if ('format' in schema) return '2026-11-23T12:00:00.000Z';
  return freshId('v')
    .padEnd(schema.maxLength ?? 32, 'é')
    .slice(-(schema.maxLength ?? 32));
}

async function ask(path: string, which: 'all' | 'required', more: object = {}): Promise<Answer['data']> {
  const body = requestBy(vendorRequestOf(path), which, { ...meant(), ...more });
  expect(faultsOfVendorRequest(path, body)).toEqual([]);
  const answer = await gateway.call(path, body, gateway.pci);
  expect(answer, answer.raw).toMatchObject({ status: 200, code: '0' });
  expect(faultsOfVendorAnswer(path, JSON.parse(answer.raw))).toEqual([]);
  asked.add(`${path} ${which}`);
  return answer.data;
}

test('an order with every member at its full length is paid, read, and refunded with as much, and that is read', async () => {
  const { acquiringOrderId, orderStatus, paymentRequestId } = await ask('/order/create', 'all');
  expect([orderStatus, [...paymentRequestId].length]).toEqual(['PAY_SUCCESS', 32]);
  await ask('/order/inquiry', 'all', { acquiringOrderId, paymentRequestId });
  const refund = await ask('/order/refund', 'all', { acquiringOrderId, refundAmount: '30000' });
  await ask('/order/refund', 'required', { acquiringOrderId, refundAmount: '20000' });
  await gateway.settle();
  const read = await ask('/refund/inquiry', 'all', refund);
  expect(read).toMatchObject({ refundStatus: 'ORDER_PARTIALLY_REFUNDED', remainingRefundAmount: '50000' });
});

test('an order with the required members alone waits for its shopper; either of its ids reads it, and it is cancelled', async () => {
  const { acquiringOrderId, orderStatus, paymentRequestId } = await ask('/order/create', 'required');
  expect(orderStatus).toBe('AUTHORIZATION_REQUIRED');
  for (const key of [{ acquiringOrderId }, { paymentRequestId }]) {
    expect(faultsOfVendorRequest('/order/inquiry', key)).toEqual([]);
    expect(await gateway.call('/order/inquiry', key, gateway.pci)).toMatchObject({ data: { acquiringOrderId } });
  }
  expect(await ask('/order/cancel', 'all', { acquiringOrderId, paymentRequestId })).toMatchObject({
    orderStatus: 'ORDER_CLOSE',
  });
});

test('the configuration is read with what is described', async () => {
  const row = { name: 'test/vendor-limit', text: "insert into merchant_currency select $1, 'HKD', 50000, 100000" };
  await gateway.database.rows(row, [gateway.pci.merchantId]);
  expect((await ask('/merchantconfig/inquiry', 'all')).transactionLimit).toEqual({ HKD: '500.00' });
  expect((await ask('/paymethodconfig/inquiry', 'all')).payMethodDetails.length).toBeGreaterThan(10);
});

test('all seven were asked', () => {
  expect(vendorPaths).toHaveLength(7);
  expect(
    [...asked]
      .filter((each) => each.endsWith(' all'))
      .map((each) => each.split(' ')[0])
      .sort(),
  ).toEqual([...vendorPaths].sort());
});

test('every answer that leaves the description has the number of its conflict', () => {
  expect(departures.map(({ conflict }) => conflict.slice(0, 4)).sort()).toEqual(['C-07', 'C-10', 'C-12']);
});

describe('our own description', () => {
  const own = JSON.parse(readFileSync(new URL('../../docs/reference/openapi.json', import.meta.url), 'utf8'));
  const ownSchema = (schema: { $ref?: string }): OwnSchema =>
    schema.$ref === undefined ? schema : own.components.schemas[schema.$ref.split('/').at(-1) ?? ''];

  interface OwnSchema extends VendorSchema {
    readonly anyOf?: readonly OwnSchema[];
    readonly additionalProperties?: unknown;
  }

  /** What a wallet was paid from: of answers only (contract section 15.5), and ignored in a request. */
  const readOnly = '/order/create.paymentInfo.payOption';

  /** Where a member of the vendor's is missing, shorter or demanded with us. */
  function narrower(theirs: VendorSchema, ours: OwnSchema, place: string): string[] {
    const { required = [], properties = {} } = theirs;
    const demanded = (ours.required ?? []).filter((name) => !required.includes(name));
    return [
      ...demanded.map((name) => `${place}.${name} is demanded`),
      ...Object.entries(properties).flatMap(([name, schema]) => {
        const member = resolved(schema);
        const found = ours.properties?.[name];
        if (`${place}.${name}` === readOnly) return [];
        if (found === undefined) return [`${place}.${name} is not known`];
        return narrowerMember(member, ownSchema(found), `${place}.${name}`);
      }),
    ];
  }

  function narrowerMember(member: VendorSchema, ours: OwnSchema, place: string): string[] {
    const one = ours.anyOf?.find(({ type }) => type === member.type) ?? ours;
    if (member.type === 'object' && one.properties !== undefined) return narrower(member, one, place);
    const short = (one.maxLength ?? Number.MAX_SAFE_INTEGER) < (member.maxLength ?? 0);
    return short ? [`${place} takes ${one.maxLength} of ${member.maxLength} characters`] : [];
  }

  test.each(vendorPaths)(
    'takes for %s whatever the vendor describes: every member, as long, and demands no more',
    (path) => {
      const { schema } = own.paths[`/api/v1${path}`].post.requestBody.content['application/json'];
      expect(narrower(vendorRequestOf(path), ownSchema(schema), path)).toEqual([]);
    },
  );
});
