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
const backlogOfEach = isFull ? 100 : 10;
/** Notifications of which the time is taken. */
const measured = isFull ? 2_000 : 150;
const everyMs = 10;
/** Below this a difference says more about the machine than about us. */
const noiseMs = 150;

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
let hanging = 0;
const dead = createServer(() => {
  hanging += 1;
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

/** The 99th percentile, in ms, of the time from commit to arrival, of a steady stream of many merchants. */
async function p99(mark: string): Promise<number> {
  const committedAt = new Map<string, number>();
  for (let index = 0; index < measured; index++) {
    const id = `${mark}-${index}`;
    await tell(`alive${index % deadMerchants}`, urlOf(alive), [id]);
    committedAt.set(id, performance.now());
    await pause(everyMs);
  }
  const deadline = performance.now() + 10_000;
  while ([...committedAt.keys()].some((id) => !arrivedAt.has(id)) && performance.now() < deadline) await pause(20);
  const times = [...committedAt].map(([id, at]) => (arrivedAt.get(id) ?? Number.POSITIVE_INFINITY) - at);
  return times.sort((a, b) => a - b)[Math.ceil(measured * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
}

describe('fifty endpoints that never answer', () => {
  test('do not double the time that the notifications of others take', {
    timeout: isFull ? 600_000 : 60_000,
  }, async () => {
    await p99('warm');
    const normal = await p99('normal');
    for (let index = 0; index < deadMerchants; index++) {
      // One port serves them all; names of hosts keep them apart, as they are in life.
      const url = urlOf(dead).replace('127.0.0.1', `shop${index}.localhost`);
      const ids = Array.from({ length: backlogOfEach }, (_, event) => `dead-${index}-${event}`);
      await tell(`dead${index}`, url, ids);
    }
    const first = await p99('among the dead');
    // A machine that others use has bad moments; receivers that hang would spoil every look.
    const among = first < Math.max(2 * normal, noiseMs) ? first : await p99('among the dead, again');
    if (isFull) console.log(`p99 of the others: ${normal.toFixed(1)} ms alone, ${among.toFixed(1)} ms among the dead`);
    expect(hanging).toBeGreaterThanOrEqual(deadMerchants);
    expect(among).toBeLessThan(Math.max(2 * normal, noiseMs));
  });
});
