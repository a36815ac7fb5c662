/**
 * W-4: merchants whose endpoints never answer do not slow down the others. Real time, real sockets, a real queue: the time
 * from commit to arrival, without the dead and then with them. `npm run prove:webhooks` runs it at full size.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import type { PaymentNotification } from '@waffo/protocol/notifications';
import { sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { realClock } from '../clock.ts';
import { type Runner, startRunner } from '../job/runner.ts';
import { createLog } from '../observe/log.ts';
import { deliver } from './deliver.ts';
import { createEgress } from './egress.ts';
import { notify } from './notify.ts';

const isFull = process.env.PROOF_SIZE === 'full';
const deadMerchants = 50;
const backlogOfEach = isFull ? 20 : 10;
/** Alone and among the dead by turns, so that what else the machine does meets both. */
const rounds = isFull ? 1 : 2;
/** Notifications of which the time is taken, in each turn. */
const measured = isFull ? 2_000 : 100;
const everyMs = 10;
/** In a few hundred notifications, less than this tells of the machine; receivers that take places would cost seconds. */
const noiseMs = isFull ? 0 : 150;

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const egress = createEgress({ allowLoopback: true, allowHttp: true });
const log = createLog({ level: 'error', write: () => {} });

let database: TestDatabase;
let runner: Runner;
let signature: string;
const arrivedAt = new Map<string, number>();
const alive = createServer(async (incoming, response) => {
  const { result } = JSON.parse(Buffer.concat(await incoming.toArray()).toString());
  arrivedAt.set(result.acquiringOrderId, performance.now());
  response.writeHead(200, { 'content-type': 'application/json', 'x-signature': signature }).end(acknowledgement);
});
let isDead = true;
let hanging = 0;
/** Endpoints that never answer, or, in between, that fail at once. */
const dead = createServer((_incoming, response) => {
  hanging += 1;
  if (!isDead) response.writeHead(500).end();
});
const urlOf = (server: typeof alive) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

beforeAll(async () => {
  database = await freshDatabase();
  signature = await sign(Buffer.from(acknowledgement), pair.privateKey);
  const names = [...Array(deadMerchants).keys()].flatMap((index) => [`dead${index}`, `alive${index}`]);
  for (const name of names) {
    await database.rows(
      {
        name: 'test/merchant',
        text: `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
               values ($1, 'A shop', 'ACTIVE', false, '{}', now())`,
      },
      [name],
    );
  }
  for (const server of [alive, dead]) await new Promise<void>((resolve) => server.listen(0, resolve));
  const deps = {
    database,
    clock: realClock,
    log,
    egress,
    platformKeys: { signerOf: async () => pair },
    merchantOf: async () => ({ publicKeys: [pair.publicKey], settings: { lenientAck: false } }),
  };
  runner = startRunner(deps, { 'webhook/deliver': { run: (job) => deliver(deps, job) } });
});
afterAll(async () => {
  egress.close();
  for (const server of [alive, dead]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await runner.stop();
});

async function tell(merchantId: string, notifyUrl: string, ids: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const id of ids) {
      const result = { acquiringOrderId: id } as PaymentNotification['result'];
      const event = { merchantId, objectId: id, notifyUrl, eventType: 'PAYMENT_NOTIFICATION', result } as const;
      await notify(tx, { now: realClock.now() }, event);
    }
  });
  runner.nudge();
}

/** How long each of a steady stream to many merchants took from commit to arrival, in ms. */
async function timesOf(mark: string): Promise<number[]> {
  const committedAt = new Map<string, number>();
  for (let index = 0; index < measured; index++) {
    const id = `${mark}-${index}`;
    await tell(`alive${index % deadMerchants}`, urlOf(alive), [id]);
    committedAt.set(id, performance.now());
    await pause(everyMs);
  }
  const deadline = performance.now() + 10_000;
  while ([...committedAt.keys()].some((id) => !arrivedAt.has(id)) && performance.now() < deadline) await pause(20);
  return [...committedAt].map(([id, at]) => (arrivedAt.get(id) ?? Number.POSITIVE_INFINITY) - at);
}

/** Gives each dead merchant something to hear at a host that nobody has met, and waits until many of them hang. */
async function wake(mark: string): Promise<void> {
  isDead = true;
  hanging = 0;
  for (let index = 0; index < deadMerchants; index++) {
    // One port serves them all; names of hosts keep them apart, as they are in life.
    const url = urlOf(dead).replace('127.0.0.1', `shop${index}-${mark}.localhost`);
    const ids = Array.from({ length: backlogOfEach }, (_, event) => `dead-${mark}-${index}-${event}`);
    await tell(`dead${index}`, url, ids);
  }
  const deadline = performance.now() + 10_000;
  while (hanging < deadMerchants / 2 && performance.now() < deadline) await pause(10);
  expect(hanging).toBeGreaterThanOrEqual(deadMerchants / 2);
}

/** Ends what hangs; what failed is tried again later than this test lasts. */
async function bury(): Promise<void> {
  isDead = false;
  dead.closeAllConnections();
  await runner.drain();
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY;

describe('fifty endpoints that never answer', () => {
  test('do not double the time that the notifications of others take', {
    timeout: isFull ? 900_000 : 90_000,
  }, async () => {
    await timesOf('warm');
    const [alone, among]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      alone.push(...(await timesOf(`alone-${round}`)));
      await wake(String(round));
      among.push(...(await timesOf(`among-${round}`)));
      await bury();
    }
    const figures = `p99 of the others: ${p99(alone).toFixed(1)} ms alone, ${p99(among).toFixed(1)} ms among the dead`;
    if (isFull) console.log(figures);
    expect(p99(among), figures).toBeLessThan(Math.max(2 * p99(alone), noiseMs));
  });
});
