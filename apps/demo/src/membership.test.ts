import { generateKeyPairSync } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportPrivateKey, exportPublicKey, sign } from '@waffo/protocol/signature';
import { Waffo } from '@waffo/waffo-node';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Plan, plans } from './catalogue.ts';
import { type Club, createClub } from './membership.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const gateway = generateKeyPairSync('rsa', { modulusLength: 2048 });
const notifyUrl = 'http://127.0.0.1:4020/webhook';
const [small, big] = plans as [Plan, Plan];

/** What the gateway does with the next calls of a path, one after the other; the last one stays. */
type Conduct = (response: ServerResponse, request: Record<string, string>) => unknown;
let conduct: Record<string, Conduct[]>;
let sent: { path: string; request: Record<string, string> }[];
let club: Club;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const path = (request.url ?? '').replace('/api/v1/subscription/', '');
    const body = JSON.parse(Buffer.concat(chunks).toString());
    sent.push({ path, request: body });
    const [now, ...later] = conduct[path] ?? [];
    if (later.length > 0) conduct[path] = later;
    now?.(response, body);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return () => {
    server.close();
    server.closeAllConnections();
  };
});
beforeEach(() => {
  sent = [];
  conduct = {
    create: [answer({ subscriptionStatus: 'AUTHORIZATION_REQUIRED', subscriptionAction: page })],
    inquiry: [answer({ subscriptionStatus: 'ACTIVE', productInfo: {}, paymentInfo: {} })],
    change: [answer({ subscriptionChangeStatus: 'SUCCESS' })],
    'change/inquiry': [answer({ subscriptionChangeStatus: 'SUCCESS' })],
  };
  const { port } = server.address() as AddressInfo;
  const keys = {
    privateKey: exportPrivateKey(merchant.privateKey),
    waffoPublicKey: exportPublicKey(gateway.publicKey),
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  club = createClub(
    new Waffo({ ...keys, baseUrl, environment: 'sandbox', merchantId: 'M_1', apiKey: 'wk_test_1', maxRetries: 0 }),
  );
});
afterEach(() => server.closeIdleConnections());

const page = JSON.stringify({ webUrl: 'https://pay.example/checkout/1' });
const cutTheLine: Conduct = (response) => response.socket?.destroy();

function answer(data: unknown, code = '0'): Conduct {
  return async (response) => {
    const body = Buffer.from(JSON.stringify({ code, msg: code, data }));
    response.writeHead(code === '0' ? 200 : 400, { 'x-signature': await sign(body, gateway.privateKey) }).end(body);
  };
}
const refuse = (code: string): Conduct => answer({}, code);
const neverReceived = refuse('A0009');

/** Under which ids the gateway was asked so far. */
const idsOf = (path: string): (string | undefined)[] =>
  sent.filter((call) => call.path === path).map(({ request }) => request.subscriptionRequest);

/** Somebody who pays for the small plan. */
async function member(): Promise<void> {
  await club.join(small, notifyUrl);
}

const unknownOutcomes: [string, Conduct][] = [
  ['the gateway does not know yet (E0001)', refuse('E0001')],
  ['the line is cut', cutTheLine],
];
const unmadeRequests: [string, Conduct][] = [...unknownOutcomes, ['the gateway is busy (C0001)', refuse('C0001')]];

describe('a membership whose outcome is unknown', () => {
  test.each(unknownOutcomes)('is there when it turns out to have been made: %s', async (_what, failure) => {
    conduct.create = [failure];
    await expect(club.join(small, notifyUrl)).rejects.toMatchObject({ retry: 'inquire-first' });
    expect(await club.show()).toMatchObject({ plan: small, status: 'ACTIVE' });
    expect(idsOf('inquiry')).toContain(idsOf('create')[0]);
  });

  test.each(unmadeRequests)('is made under the same id when it never was: %s', async (_what, failure) => {
    conduct.create = [failure, ...(conduct.create ?? [])];
    conduct.inquiry = [neverReceived];
    await expect(club.join(small, notifyUrl)).rejects.toThrow();
    expect(await club.show()).toBeUndefined();
    expect(await club.join(small, notifyUrl)).toEqual({ webUrl: 'https://pay.example/checkout/1' });
    expect(new Set(idsOf('create')).size).toBe(1);
  });

  test('is not told as none while the gateway cannot be asked', async () => {
    conduct.create = [cutTheLine];
    conduct.inquiry = [cutTheLine];
    await expect(club.join(small, notifyUrl)).rejects.toThrow();
    await expect(club.show()).rejects.toMatchObject({ code: 'S0001' });
  });
});

describe('an upgrade whose outcome is unknown', () => {
  test.each(unknownOutcomes)('is the membership when it turns out to have been made: %s', async (_what, failure) => {
    await member();
    conduct.change = [failure];
    await expect(club.upgrade(notifyUrl)).rejects.toMatchObject({ retry: 'inquire-first' });
    expect(await club.show()).toMatchObject({ plan: big });
    expect(idsOf('change/inquiry')).toEqual(idsOf('change'));
  });

  test.each(unmadeRequests)(
    'may be asked for again, under the same id, when it never was: %s',
    async (_what, failure) => {
      await member();
      conduct.change = [failure, ...(conduct.change ?? [])];
      conduct['change/inquiry'] = [neverReceived];
      await expect(club.upgrade(notifyUrl)).rejects.toThrow();
      expect(await club.show()).toMatchObject({ plan: small, mayUpgrade: true });
      await club.upgrade(notifyUrl);
      expect(idsOf('change')).toHaveLength(2);
      expect(new Set(idsOf('change')).size).toBe(1);
    },
  );

  test('is not offered a second time while it is on its way', async () => {
    await member();
    conduct.change = [cutTheLine];
    conduct['change/inquiry'] = [answer({ subscriptionChangeStatus: 'IN_PROGRESS' })];
    await expect(club.upgrade(notifyUrl)).rejects.toThrow();
    expect(await club.show()).toMatchObject({ plan: small, mayUpgrade: false });
  });
});

describe('a refusal for good', () => {
  test('leaves no membership behind, and the next try is a request of its own', async () => {
    conduct.create = [refuse('A0037')];
    await expect(club.join(small, notifyUrl)).rejects.toMatchObject({ code: 'A0037' });
    expect(await club.show()).toBeUndefined();
    expect(idsOf('inquiry')).toEqual([]);
    await expect(club.join(small, notifyUrl)).rejects.toThrow();
    expect(new Set(idsOf('create')).size).toBe(2);
  });

  test('leaves the membership that was there before', async () => {
    await member();
    conduct.create = [refuse('A0037')];
    await expect(club.join(big, notifyUrl)).rejects.toThrow();
    expect(await club.show()).toMatchObject({ plan: small });
  });

  test('of an upgrade leaves the smaller plan, and the next try is a request of its own', async () => {
    await member();
    conduct.change = [refuse('A0037')];
    await expect(club.upgrade(notifyUrl)).rejects.toThrow();
    expect(await club.show()).toMatchObject({ plan: small, mayUpgrade: true });
    await expect(club.upgrade(notifyUrl)).rejects.toThrow();
    expect(new Set(idsOf('change')).size).toBe(2);
    expect(idsOf('change/inquiry')).toEqual([]);
  });
});
