/**
 * Two processes that answer and two that work, on one PostgreSQL, are replaced one by one while payments go on: no call
 * fails, no card is charged twice, and no notification is lost.
 */
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Embedded, startEmbedded } from '../../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../../packages/gateway/src/storage/postgres.ts';
import { type Answered, balancer, type Ready } from '../../kit/balancer.ts';
import { type ChildGateway, startChildGateway } from '../../kit/child-gateway.ts';
import { faultsOfLedger } from '../../kit/ledger.ts';
import { orderBody } from '../../kit/order-body.ts';
import { type Receiver, startReceiver } from '../../kit/receiver.ts';
import { testCard } from '../../kit/test-card.ts';
import { type ThrowawayFolder, throwawayFolder } from '../../kit/throwaway-folder.ts';

const ordersPerSecond = 20;
/** Sent while a process is told to stop, so that some meet whatever it does to its connections at that moment. */
const rushOfOrders = 40;
const rushEachMs = 2;
const balancerLooksEveryMs = 100;
/** Much longer than that: where everything else takes its time, looks do, too. */
const drainMs = 2_000;

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
    WAFFO_DRAIN_MS: String(role === 'api' ? drainMs : 0),
  });

beforeAll(async () => {
  folder = await throwawayFolder('waffo-rolling-');
  server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
  const keys: Parameters<typeof startReceiver>[0] = {};
  receiver = await startReceiver(keys);
  answering.push(await start('api'));
  keys.privateKey = parsePrivateKey(merchant().merchantPrivateKey);
  answering.push(await start('api'));
  working.push(...(await Promise.all([start('worker'), start('worker')])));
}, 60_000);

afterAll(async () => {
  await Promise.all([...answering, ...working].map((child) => child.stop()));
  await receiver?.stop();
  await server?.stop();
  await folder?.remove();
});

/** May send bare cards, too. */
const merchant = () => (answering[0] as ChildGateway).sandbox.pci;

/** As a balancer does it: those that say that they are ready are given calls; all, when none does. */
function watchReadiness() {
  const away = new Set<string>();
  const looking = new Set<string>();
  const look = async ({ url }: ChildGateway) => {
    if (looking.has(url)) return;
    looking.add(url);
    const isReady = await fetch(`${url}/health/ready`, { headers: { connection: 'close' } }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) away.delete(url);
    else away.add(url);
    looking.delete(url);
  };
  const timer = setInterval(() => answering.forEach(look), balancerLooksEveryMs);
  return {
    urls() {
      const all = answering.map(({ url }) => url);
      const ready = all.filter((url) => !away.has(url));
      return ready.length > 0 ? ready : all;
    },
    end: () => clearInterval(timer),
  };
}

type Call = ReturnType<typeof balancer>;

async function bind(call: Call): Promise<string> {
  const merchantInfo = { merchantId: merchant().merchantId };
  const said = async (path: string, fields: object) => (await (await call(path, fields))()).data;
  const session = { tokenRequestId: 'rolling', merchantUserId: 'u', tokenType: 'CARD', notifyUrl: receiver.url };
  const { tokenSessionId } = await said('/tokenization/generate', { merchantInfo, ...session });
  const encryptedCard = await seal(tokenSessionId, testCard);
  await said('/tokenization/submit', { tokenSessionId, encryptedCard });
  return (await said('/tokenization/inquiry', { merchantInfo, tokenRequestId: 'rolling' }))[0].tokenId;
}

const kinds = [
  { title: 'each on a connection of its own, with a bare card', agent: () => false as const, hasTokens: false },
  {
    title: 'on connections that are kept, with a token',
    agent: () => new Agent({ keepAlive: true, maxSockets: 20 }),
    hasTokens: true,
  },
];

/** Sends a payment now and then until it is told to stop. */
function payments(prepare: () => Promise<Ready>) {
  const calls: Promise<Answered | string>[] = [];
  const send = (ready: Promise<Ready>) => void calls.push(ready.then((one) => one()).catch(String));
  const timer = setInterval(() => send(prepare()), 1_000 / ordersPerSecond);
  return {
    /** So many are waiting to be sent. @returns sends them, one after the other's beginning */
    async rush() {
      const all = await Promise.all(Array.from({ length: rushOfOrders }, prepare));
      return async () => {
        for (const ready of all) {
          send(Promise.resolve(ready));
          await sleep(rushEachMs);
        }
      };
    },
    /** @returns the answers */
    end() {
      clearInterval(timer);
      return Promise.all(calls);
    },
  };
}

/** The old process ends what it has begun; the new one is there before the next goes. */
async function replace(children: ChildGateway[], at: number, role: 'api' | 'worker', rush: () => Promise<void>) {
  const old = children[at] as ChildGateway;
  old.process.kill('SIGTERM');
  await rush();
  expect(await old.gone, old.output()).toBe('0');
  children[at] = await start(role);
}

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !isSo() && Date.now() < deadline; ) await sleep(50);
}

describe.each(kinds)('payments $title', ({ agent, hasTokens }) => {
  test('a rolling restart under load fails no call, charges nothing twice and loses no notification', async () => {
    const { merchantId } = merchant();
    const kind = hasTokens ? 'token' : 'bare';
    const connections = agent();
    const readiness = watchReadiness();
    const call = balancer(merchant(), readiness.urls, connections);
    const tokenId = hasTokens ? await bind(call) : undefined;
    let count = 0;
    const load = payments(() => {
      const order = { merchantId, paymentRequestId: `${kind}_${count++}`, notifyUrl: receiver.url };
      return call('/order/create', orderBody(order, tokenId === undefined ? undefined : { tokenId }));
    });
    // Connections are there to be kept.
    await (await load.rush())();
    for (const at of [0, 1]) {
      await replace(answering, at, 'api', await load.rush());
      await replace(working, at, 'worker', await load.rush());
    }
    const answers = await load.end();
    readiness.end();
    if (connections) connections.destroy();
    const isPaid = (answer: Answered | string) =>
      typeof answer === 'object' && answer.status === 200 && answer.code === '0' && answer.signed;
    expect(answers.filter((answer) => !isPaid(answer))).toEqual([]);
    expect(answers).toHaveLength(count);

    const told = () =>
      new Set(
        receiver
          .events('PAYMENT_NOTIFICATION')
          .map(({ result }) => result.paymentRequestId)
          .filter((id) => id.startsWith(kind)),
      );
    await until(() => told().size === count);
    expect(told().size).toBe(count);

    const database = await openDatabase({ url: server.url });
    const charges = await database.rows<{ count: bigint }>(
      {
        name: 'test/charges',
        text: `select count(*) as count from sandbox_transaction s
          join payment_attempt a on a.attempt_id::text = s.reference
          join payment_order o on o.acquiring_order_id = a.subject_id
          where s.verb = 'purchase' and s.outcome->>'kind' = 'approved' and o.payment_request_id like $1`,
      },
      [`${kind}%`],
    );
    expect(Number(charges[0]?.count)).toBe(count);
    expect(await faultsOfLedger(database)).toEqual([]);
    await database.close();
  });
});
