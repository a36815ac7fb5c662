/**
 * P-8: every operation × nine ways to reach for another merchant's objects × every pair of three merchants. The rows are
 * held to the table of operations: a new operation without a row fails. Nobody learns or changes anything of another's;
 * the owner sees its objects, byte for byte, as before.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { seal } from '@waffo/protocol/envelope/seal';
import { operations } from '@waffo/protocol/operations/all';
import { exportPrivateKey, exportPublicKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newApiKey, newClientKey } from '../../packages/gateway/src/id.ts';
import { registerMerchant } from '../../packages/gateway/src/merchant/register.ts';
import type { SandboxMerchant } from '../../packages/gateway/src/merchant/sandbox-home.ts';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { privateKeyOf, publicKeyOf } from '../kit/keys.ts';
import { changeOf, subscriptionOf } from '../kit/subscription.ts';
import { testCard } from '../kit/test-card.ts';

interface Tenant extends SandboxMerchant {
  readonly user: string;
  readonly tokenId: string;
  readonly tokenRequestId: string;
  readonly sessionId: string;
  readonly paymentRequestId: string;
  readonly acquiringOrderId: string;
  readonly refundRequestId: string;
  readonly subscriptionId: string;
  readonly subscriptionRequest: string;
  /** Of a change that was made, and of what it took the place of. */
  readonly heirRequest: string;
  readonly originRequest: string;
}

let gateway: TestGateway;
let tenants: Tenant[];
let before: string[];

const at = '2026-11-23T12:00:00.000Z';
const money = { refundAmount: '1.00', refundReason: 'broken', requestedAt: at };

beforeAll(async () => {
  gateway = await startTestGateway();
  const merchants = [gateway.merchant, gateway.pci, await thirdMerchant()];
  await gateway.database.rows({ name: 'test/all-pci', text: 'update merchant set pci_certified = true' });
  tenants = [];
  for (const merchant of merchants) tenants.push(await furnished(merchant));
  await gateway.settle();
  before = await Promise.all(tenants.map(ownView));
});
afterAll(() => gateway.stop());

async function thirdMerchant(): Promise<SandboxMerchant> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [merchantId, apiKey, clientApiKey] = ['M_THIRD', newApiKey('test'), newClientKey('test')];
  await registerMerchant(gateway.app.gateway, {
    merchantId,
    name: 'Third',
    pciCertified: true,
    apiKey,
    clientApiKey,
    origins: [],
    publicKey: createPublicKey(privateKey),
  });
  const { publicKey } = await gateway.app.gateway.platformKeys.signerOf(merchantId);
  const { baseUrl, demoUrl } = gateway.merchant;
  const keys = { merchantPrivateKey: exportPrivateKey(privateKey), waffoPublicKey: exportPublicKey(publicKey) };
  return { baseUrl, demoUrl, merchantId, apiKey, clientApiKey, ...keys };
}

async function furnished(merchant: SandboxMerchant): Promise<Tenant> {
  const call = async (path: string, body: object) => {
    const answer = await gateway.call(path, body, merchant);
    expect(answer.code, answer.raw).toBe('0');
    return answer.data;
  };
  const user = freshId('user');
  const binding = (fields: object = {}) => ({
    tokenRequestId: freshId('treq'),
    merchantUserId: user,
    tokenType: 'CARD',
    ...fields,
  });
  const { pan, expiry, name } = testCard;
  const { tokenId, tokenRequestId } = await call(
    '/tokenization/generate',
    binding({ tokenData: { pan, expiry, name } }),
  );
  const { tokenSessionId } = await call('/tokenization/generate', binding());
  const order = orderOf(gateway, { tokenId });
  const { acquiringOrderId } = await call('/order/create', order);
  const refundRequestId = freshId('r').slice(-32);
  await call('/order/refund', { merchantId: merchant.merchantId, refundRequestId, acquiringOrderId, ...money });
  const subscribe = () => call('/subscription/create', subscriptionOf(gateway, { tokenId }));
  const { subscriptionId, subscriptionRequest } = await subscribe();
  const { subscriptionRequest: originRequest } = await subscribe();
  const changed = await call('/subscription/change', changeOf(gateway, originRequest));
  return {
    ...merchant,
    user,
    tokenId,
    tokenRequestId,
    sessionId: tokenSessionId,
    paymentRequestId: String(order.paymentRequestId),
    acquiringOrderId,
    refundRequestId,
    subscriptionId,
    subscriptionRequest,
    originRequest,
    heirRequest: changed.subscriptionRequest,
  };
}

/** Everything that a merchant can see of its objects. */
async function ownView(tenant: Tenant): Promise<string> {
  const looks: [string, object][] = [
    ['/tokenization/inquiry', { merchantUserId: tenant.user }],
    ['/order/inquiry', { acquiringOrderId: tenant.acquiringOrderId }],
    ['/refund/inquiry', { refundRequestId: tenant.refundRequestId }],
    ['/subscription/inquiry', { subscriptionId: tenant.subscriptionId, paymentDetails: 1 }],
  ];
  const answers = await Promise.all(looks.map(([path, body]) => gateway.call(path, body, tenant)));
  return answers.map(({ raw }) => raw).join('\n');
}

type Body = Record<string, unknown>;

interface Row {
  /** A request of `sender` that names the objects of `owner`; nothing but the ids differs between owners. */
  readonly body: (owner: Tenant, sender: Tenant) => Body | Promise<Body>;
  /** It makes an object of the sender's own under that id: answers carry fresh ids and are not compared in bytes. */
  readonly makes?: true;
}

const info = ({ merchantId }: SandboxMerchant) => ({ merchantInfo: { merchantId } });

const rows: Record<string, Row> = {
  '/tokenization/generate': {
    body: ({ tokenRequestId, user }, sender) => ({
      ...info(sender),
      tokenRequestId,
      merchantUserId: user,
      tokenType: 'CARD',
    }),
    makes: true,
  },
  '/tokenization/submit': {
    body: async ({ sessionId }) => ({ tokenSessionId: sessionId, encryptedCard: await sealed() }),
  },
  '/tokenization/inquiry': {
    body: ({ tokenId, user }, sender) => ({ ...info(sender), tokenId, merchantUserId: user }),
  },
  '/tokenization/remove': { body: ({ tokenId }, sender) => ({ ...info(sender), tokenId }) },
  '/order/create': {
    body: ({ tokenId }, sender) => ({ ...info(sender), ...orderOf(gateway, { tokenId }) }),
  },
  '/order/inquiry': { body: ({ acquiringOrderId }) => ({ acquiringOrderId }) },
  '/order/cancel': {
    body: ({ acquiringOrderId }, { merchantId }) => ({ acquiringOrderId, merchantId, orderRequestedAt: at }),
  },
  '/order/capture': {
    body: ({ acquiringOrderId }, { merchantId }) => ({
      acquiringOrderId,
      merchantId,
      captureRequestedAt: at,
      captureAmount: '1.00',
    }),
  },
  '/order/refund': {
    body: ({ acquiringOrderId }, { merchantId }) => ({
      acquiringOrderId,
      merchantId,
      refundRequestId: freshId('r').slice(-32),
      ...money,
    }),
  },
  '/refund/inquiry': { body: ({ refundRequestId }) => ({ refundRequestId }) },
  '/subscription/create': {
    body: ({ tokenId }, sender) => ({ ...info(sender), ...subscriptionOf(gateway, { tokenId }) }),
  },
  '/subscription/inquiry': { body: ({ subscriptionId }) => ({ subscriptionId, paymentDetails: 1 }) },
  '/subscription/update': { body: ({ subscriptionId }) => ({ subscriptionId, amount: '1.00' }) },
  '/subscription/manage': { body: ({ subscriptionId }) => ({ subscriptionId }) },
  '/subscription/change': {
    body: ({ subscriptionRequest }, sender) => ({ ...info(sender), ...changeOf(gateway, subscriptionRequest) }),
  },
  '/subscription/change/inquiry': {
    body: ({ originRequest, heirRequest }) => ({
      originSubscriptionRequest: originRequest,
      subscriptionRequest: heirRequest,
    }),
  },
  '/subscription/cancel': {
    body: ({ subscriptionId }, { merchantId }) => ({ subscriptionId, merchantId, requestedAt: at }),
  },
  '/merchantconfig/inquiry': { body: (_, { merchantId }) => ({ merchantId }) },
  '/paymethodconfig/inquiry': { body: (_, { merchantId }) => ({ merchantId }) },
};

/** Sealed to a session that is open, whichever is named: an id that nobody has is no point of the curve to seal to. */
const sealed = () => seal(tenants[0]?.sessionId ?? '', testCard);

/** Ids in the form of real ones that nobody has. */
const nobody = (like: Tenant): Tenant => ({
  ...like,
  user: `${like.user}x`,
  tokenId: `tok_${'0'.repeat(like.tokenId.length - 4)}`,
  tokenRequestId: `${like.tokenRequestId}x`,
  sessionId: `${like.sessionId.slice(0, -4)}AAAA`,
  paymentRequestId: 'nobody_made_this',
  acquiringOrderId: `A20261123120000${'0'.repeat(15)}`,
  refundRequestId: 'nobody_made_this',
  subscriptionId: `SC20261123120000${'0'.repeat(15)}`,
  subscriptionRequest: 'nobody_made_this',
  originRequest: 'nobody_made_this',
  heirRequest: 'nobody_made_this',
});

interface Sent {
  readonly path: string;
  readonly body: Body;
  readonly apiKey: string;
  readonly signWith: Tenant;
  readonly headers?: Record<string, string>;
}

async function send({ path, body, apiKey, signWith, headers = {} }: Sent): Promise<Answer> {
  const bytes = Buffer.from(JSON.stringify(body));
  const browser = doorOf(path) === 'browser';
  const all = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    ...(!browser && { 'x-signature': await sign(bytes, privateKeyOf(signWith.merchantPrivateKey)) }),
    ...headers,
  };
  // An answer is signed for the merchant whose key was shown, whoever showed it.
  const shown = tenants.find((tenant) => tenant.apiKey === apiKey) ?? signWith;
  return gateway.send(`/api/v1${path}`, bytes, all, publicKeyOf(shown.waffoPublicKey));
}

const doorOf = (path: string) => operations.find((operation) => operation.path === path)?.door;
const ownKey = (path: string, tenant: Tenant) => (doorOf(path) === 'browser' ? tenant.clientApiKey : tenant.apiKey);

interface Reach {
  readonly way: string;
  readonly doors: readonly ('merchant' | 'browser')[];
  /** Tries it; the answers, of which the first is compared with the second where there are two. */
  readonly attempt: (path: string, row: Row, victim: Tenant, attacker: Tenant) => Promise<Answer[]>;
  /** What the first answer must be; absent: what an unknown id is answered. */
  readonly code?: string;
}

const both = ['merchant', 'browser'] as const;

const reaches: readonly Reach[] = [
  {
    way: 'by its id, with keys of one’s own',
    doors: both,
    attempt: async (path, row, victim, attacker) => {
      const as = { path, apiKey: ownKey(path, attacker), signWith: attacker };
      const foreign = await send({ ...as, body: await row.body(victim, attacker) });
      return [foreign, await send({ ...as, body: await row.body(nobody(victim), attacker) })];
    },
  },
  {
    way: 'by its id, with a header that names its owner',
    doors: both,
    attempt: async (path, row, victim, attacker) => {
      const as = { path, apiKey: ownKey(path, attacker), signWith: attacker };
      const headers = { 'x-merchant-id': victim.merchantId, 'x-forwarded-user': victim.merchantId };
      const foreign = await send({ ...as, body: await row.body(victim, attacker), headers });
      return [foreign, await send({ ...as, body: await row.body(nobody(victim), attacker) })];
    },
  },
  {
    way: 'by its id, with members that name its owner',
    doors: both,
    attempt: async (path, row, victim, attacker) => {
      const as = { path, apiKey: ownKey(path, attacker), signWith: attacker };
      const smuggled = { merchant_id: victim.merchantId, tenant: victim.merchantId, caller: { merchant: victim } };
      const foreign = await send({ ...as, body: { ...(await row.body(victim, attacker)), ...smuggled } });
      return [foreign, await send({ ...as, body: await row.body(nobody(victim), attacker) })];
    },
  },
  {
    way: 'as its owner in merchantInfo',
    doors: ['merchant'],
    attempt: async (path, row, victim, attacker) => [
      await send({
        path,
        body: { ...(await row.body(victim, victim)), ...info(victim) },
        apiKey: attacker.apiKey,
        signWith: attacker,
      }),
    ],
    code: 'A0004',
  },
  {
    way: 'as its owner in merchantId, and as oneself in merchantInfo',
    doors: ['merchant'],
    attempt: async (path, row, victim, attacker) => [
      await send({
        path,
        body: { ...(await row.body(victim, attacker)), ...info(attacker), merchantId: victim.merchantId },
        apiKey: attacker.apiKey,
        signWith: attacker,
      }),
    ],
    code: 'A0004',
  },
  {
    way: "with its owner's API key and a signature of one’s own",
    doors: ['merchant'],
    attempt: async (path, row, victim, attacker) => [
      await send({ path, body: await row.body(victim, victim), apiKey: victim.apiKey, signWith: attacker }),
    ],
    code: 'A0002',
  },
  {
    way: "with its owner's very request under one’s own key",
    doors: ['merchant'],
    attempt: async (path, row, victim, attacker) => [
      await send({ path, body: await row.body(victim, victim), apiKey: attacker.apiKey, signWith: victim }),
    ],
    code: 'A0002',
  },
  {
    way: 'with the key of the other door',
    doors: both,
    attempt: async (path, row, victim, attacker) => {
      const apiKey = doorOf(path) === 'browser' ? attacker.apiKey : victim.clientApiKey;
      return [await send({ path, body: await row.body(victim, victim), apiKey, signWith: attacker })];
    },
    code: 'A0001',
  },
  {
    way: 'with two keys in one header',
    doors: both,
    attempt: async (path, row, victim, attacker) => {
      const apiKey = `${ownKey(path, attacker)}, ${ownKey(path, victim)}`;
      return [await send({ path, body: await row.body(victim, victim), apiKey, signWith: attacker })];
    },
    code: 'A0001',
  },
];

/** What only the owner knows. What the attacker itself has sent may come back. */
const secretsOf = (victim: Tenant) => [victim.apiKey, victim.clientApiKey, '411111******1111', victim.user];

test('every operation has a row, and there is no row of another', () => {
  expect(Object.keys(rows).sort()).toEqual(operations.map(({ path }) => path).sort());
});

describe.each(Object.entries(rows))('%s', (path, row) => {
  const ways = reaches.filter(({ doors }) => doors.includes(doorOf(path) as 'merchant'));

  test.each(ways)('nobody reaches what is of another $way', async ({ attempt, code }) => {
    for (const victim of tenants) {
      for (const attacker of tenants.filter((tenant) => tenant !== victim)) {
        const [foreign, unknown] = await attempt(path, row, victim, attacker);
        if (code !== undefined) expect(foreign?.code).toBe(code);
        else if (row.makes) expect(foreign?.code).toBe(unknown?.code);
        else expect([foreign?.status, foreign?.raw]).toEqual([unknown?.status, unknown?.raw]);
        const told = secretsOf(victim).filter((secret) => !row.makes && foreign?.raw.includes(secret));
        expect(told, `${attacker.merchantId} → ${victim.merchantId}`).toEqual([]);
        if (row.makes) expect(foreign?.raw).not.toContain(victim.sessionId);
      }
    }
  });
});

test('and the owners see all that is theirs as it was before', async () => {
  expect(await Promise.all(tenants.map(ownView))).toEqual(before);
});
