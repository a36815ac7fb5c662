/** `waffo serve --role`: who answers calls, who does what is due, and who does both. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Embedded, startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { type ChildGateway, startChildGateway } from '../kit/child-gateway.ts';
import { orderBody } from '../kit/order-body.ts';
import { type Receiver, startReceiver } from '../kit/receiver.ts';
import { type ThrowawayFolder, throwawayFolder } from '../kit/throwaway-folder.ts';

/** A worker looks for work five times a second. */
const tenLooksMs = 2_000;
const toldWithinMs = 10_000;

let folder: ThrowawayFolder;
let server: Embedded;
let receiver: Receiver;
let api: ChildGateway;
const started: ChildGateway[] = [];

async function serve(role: 'api' | 'worker' | 'all'): Promise<ChildGateway> {
  const settings = { WAFFO_DATABASE_URL: server.url, WAFFO_PUBLIC_URL: 'http://127.0.0.1:1', WAFFO_LOG_LEVEL: 'warn' };
  const gateway = await startChildGateway(folder.path, settings, { words: ['serve', '--role', role] });
  started.push(gateway);
  return gateway;
}

beforeAll(async () => {
  folder = await throwawayFolder('waffo-roles-');
  server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
  api = await serve('api');
  receiver = await startReceiver({ privateKey: parsePrivateKey(api.sandbox.pci.merchantPrivateKey) });
}, 60_000);

afterAll(async () => {
  await Promise.all(started.map((gateway) => gateway.stop()));
  await receiver?.stop();
  await server?.stop();
  await folder?.remove();
});

/** An order of the merchant that may send bare cards. */
async function pay({ url }: ChildGateway, paymentRequestId: string) {
  const { merchantId, apiKey, merchantPrivateKey, waffoPublicKey } = api.sandbox.pci;
  const body = Buffer.from(JSON.stringify(orderBody({ merchantId, paymentRequestId, notifyUrl: receiver.url })));
  const headers = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'x-signature': await sign(body, parsePrivateKey(merchantPrivateKey)),
  };
  const response = await fetch(`${url}/api/v1/order/create`, { method: 'POST', body, headers });
  const raw = Buffer.from(await response.arrayBuffer());
  const signed = verify(raw, response.headers.get('x-signature') ?? '', parsePublicKey(waffoPublicKey));
  return { status: response.status, code: JSON.parse(raw.toString()).code, signed };
}

const toldOf = (paymentRequestId: string) =>
  receiver.events('PAYMENT_NOTIFICATION').filter(({ result }) => result.paymentRequestId === paymentRequestId).length;

async function untilTold(paymentRequestId: string): Promise<void> {
  for (const until = Date.now() + toldWithinMs; toldOf(paymentRequestId) === 0 && Date.now() < until; ) await sleep(50);
}

async function waitingIn(url: string): Promise<number> {
  const database = await openDatabase({ url, poolSize: 1 });
  const text = `select event_id from outbox where status = 'PENDING'`;
  return (await database.rows({ name: 'test/waiting', text }).finally(database.close)).length;
}

const health = async ({ url }: ChildGateway, what: 'live' | 'ready') => (await fetch(`${url}/health/${what}`)).status;

/** Something that shoppers are shown. */
const pageOf = async ({ url }: ChildGateway) => (await fetch(`${url}/page/checkout.css`)).status;

describe.sequential('of the roles of a process', () => {
  test('an api answers calls and tells nobody of them, which is left for a worker', async () => {
    expect(await pay(api, 'by_api')).toEqual({ status: 200, code: '0', signed: true });
    await sleep(tenLooksMs);
    expect(toldOf('by_api')).toBe(0);
    expect(await waitingIn(server.url)).toBe(1);
    expect(await health(api, 'ready')).toBe(200);
  });

  test('a worker tells of what an api took, once, and answers no call but those for its health', async () => {
    const worker = await serve('worker');
    await untilTold('by_api');
    expect(toldOf('by_api')).toBe(1);
    expect(await health(worker, 'live')).toBe(200);
    expect(await health(worker, 'ready')).toBe(200);
    expect(await pay(worker, 'by_worker')).toMatchObject({ status: 404, signed: true });
    expect([await pageOf(api), await pageOf(worker)]).toEqual([200, 404]);
    await sleep(tenLooksMs);
    expect([toldOf('by_api'), toldOf('by_worker')]).toEqual([1, 0]);
    expect(await waitingIn(server.url)).toBe(0);
    await worker.stop();
  });

  test('one that has all roles answers and tells', async () => {
    const all = await serve('all');
    expect(await pay(all, 'by_all')).toEqual({ status: 200, code: '0', signed: true });
    await untilTold('by_all');
    expect(toldOf('by_all')).toBe(1);
  });
});
