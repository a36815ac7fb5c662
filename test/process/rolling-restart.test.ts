/**
 * Two processes that answer and two that work, on one PostgreSQL, are replaced one by one while payments go on: no call
 * fails, no card is charged twice, and no notification is lost.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Embedded, startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { type ChildGateway, startChildGateway } from '../kit/child-gateway.ts';
import { testCard } from '../kit/gateway.ts';
import { faultsOfLedger } from '../kit/ledger.ts';
import { type Receiver, startReceiver } from '../kit/receiver.ts';
import { type ThrowawayFolder, throwawayFolder } from '../kit/throwaway-folder.ts';

const ordersPerSecond = 20;
const path = '/api/v1/order/create';

let folder: ThrowawayFolder;
let server: Embedded;
let receiver: Receiver;
/** What a balancer knows: who answers. */
const answering: ChildGateway[] = [];
const working: ChildGateway[] = [];

const start = (role: 'api' | 'worker') =>
  startChildGateway(folder.path, {
    WAFFO_DATABASE_URL: server.url,
    WAFFO_ROLE: role,
    WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
    WAFFO_LOG_LEVEL: 'warn',
  });

beforeAll(async () => {
  folder = await throwawayFolder('waffo-rolling-');
  server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
  const keys: Parameters<typeof startReceiver>[0] = {};
  receiver = await startReceiver(keys);
  answering.push(await start('api'));
  keys.privateKey = parsePrivateKey(first().sandbox.pci.merchantPrivateKey);
  answering.push(await start('api'));
  working.push(...(await Promise.all([start('worker'), start('worker')])));
}, 60_000);

afterAll(async () => {
  await Promise.all([...answering, ...working].map((child) => child.stop()));
  await receiver?.stop();
  await server?.stop();
  await folder?.remove();
});

const first = (): ChildGateway => answering[0] as ChildGateway;

interface Answered {
  readonly status: number;
  readonly body: string;
  readonly signature: string;
}

/** One call on a connection of its own; undefined when nobody listens there, which says that nothing was sent. */
function post(url: string, body: Buffer, headers: Record<string, string>): Promise<Answered | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { method: 'POST', headers, agent: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode ?? 0, body: text, signature: String(response.headers['x-signature']) });
    });
    call.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? resolve(undefined) : reject(error),
    );
    call.end(body);
  });
}

/** As a balancer does it: the next process when one does not listen. */
async function pay(number: number): Promise<Answered> {
  const { merchantId, apiKey, merchantPrivateKey } = first().sandbox.pci;
  const body = Buffer.from(JSON.stringify(orderOf(merchantId, `pay_${number}`)));
  const signature = await sign(body, parsePrivateKey(merchantPrivateKey));
  const headers = { 'content-type': 'application/json', 'x-api-key': apiKey, 'x-signature': signature };
  for (let tries = 0; tries < 50; tries++) {
    const child = answering[(number + tries) % answering.length];
    const answer = child && (await post(child.url, body, headers));
    if (answer !== undefined) return answer;
    await sleep(20);
  }
  throw new Error('nobody listens');
}

const orderOf = (merchantId: string, paymentRequestId: string) => ({
  paymentRequestId,
  merchantOrderId: paymentRequestId,
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: '2026-11-23T12:00:00.000Z',
  merchantInfo: { merchantId },
  userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB', userBrowserIp: '::1', userAgent: 'a' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  cardInfo: {
    cardNumber: testCard.pan,
    cardExpiryYear: 2030,
    cardExpiryMonth: 12,
    cardCvv: '123',
    cardHolderName: 'Ada Lovelace',
  },
  notifyUrl: receiver.url,
});

/** Sends a payment now and then until it is told to stop. @returns their answers */
function payments() {
  const calls: Promise<Answered>[] = [];
  const timer = setInterval(() => {
    const call = pay(calls.length);
    call.catch(() => {});
    calls.push(call);
  }, 1_000 / ordersPerSecond);
  return async () => {
    clearInterval(timer);
    return Promise.all(calls);
  };
}

/** The old process ends what it has begun; the new one is there before the next goes. */
async function replace(children: ChildGateway[], at: number, role: 'api' | 'worker'): Promise<void> {
  const old = children[at] as ChildGateway;
  old.process.kill('SIGTERM');
  expect(await old.gone, old.output()).toBe('0');
  children[at] = await start(role);
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isSo() && Date.now() < deadline; ) await sleep(50);
}

test('a rolling restart under load fails no call, charges nothing twice and loses no notification', async () => {
  const end = payments();
  for (const at of [0, 1]) {
    await replace(answering, at, 'api');
    await replace(working, at, 'worker');
  }
  const answers = await end();
  const waffoKey = parsePublicKey(first().sandbox.pci.waffoPublicKey);
  const failed = answers.filter(
    ({ status, body, signature }) =>
      status !== 200 || !/"code":"0"/.test(body) || !verify(Buffer.from(body), signature, waffoKey),
  );
  expect(failed).toEqual([]);
  expect(answers.length).toBeGreaterThan(ordersPerSecond);

  const told = () => new Set(receiver.events('PAYMENT_NOTIFICATION').map(({ result }) => result.paymentRequestId));
  await until(() => told().size === answers.length);
  expect(told().size).toBe(answers.length);

  const database = await openDatabase({ url: server.url });
  const charges = await database.rows<{ count: bigint }>({
    name: 'test/charges',
    text: `select count(*) as count from sandbox_transaction where verb = 'purchase' and outcome->>'kind' = 'approved'`,
  });
  expect(Number(charges[0]?.count)).toBe(answers.length);
  expect(await faultsOfLedger(database)).toEqual([]);
  await database.close();
});
