/**
 * P-6: many notifications to receivers that are down for twenty hours, come and go, answer too late, or answer wrongly, in
 * virtual time. Nothing is lost, every attempt is made at its published second, and no receiver that returns in time misses
 * anything. `npm run prove:webhooks` runs it at full size.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import type { PaymentNotification } from '@waffo/protocol/notifications';
import { sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { travelTo } from '../../../../test/kit/travel.ts';
import { VirtualClock } from '../clock.ts';
import { type Runner, startRunner } from '../job/runner.ts';
import { createLog } from '../observe/log.ts';
import { deliver } from './deliver.ts';
import { createEgress } from './egress.ts';
import { notify } from './notify.ts';

const isFull = process.env.PROOF_SIZE === 'full';
const size = isFull ? 100_000 : 2_000;
const merchants = Array.from({ length: 10 }, (_, index) => `M${index}`);

const beginning = new Date('2026-11-23T12:00:00.000Z');
const hour = 3_600_000;
/** Seconds after the event: contract 18.3. */
const published = [0, 30, 90, 330, 2_130, 16_530, 45_330, 74_130];

const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const egress = createEgress({ allowLoopback: true, allowHttp: true });

/** A number from 0 to 1 that a seed and a name decide. */
function chance(seed: string): number {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  state = Math.imul(state ^ (state >>> 15), 2_246_822_519);
  return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
}

const json = { 'content-type': 'application/json' };
let right: string;
let foreign: string;

/** Answers that are no acknowledgement, in the forms that receivers really send. */
const wrongAnswers: readonly ((response: ServerResponse) => unknown)[] = [
  (response) => response.writeHead(200, { ...json, 'x-signature': right }).end('{"message":"failed"}'),
  (response) => response.writeHead(200, json).end(acknowledgement),
  (response) => response.writeHead(200, { ...json, 'x-signature': foreign }).end(acknowledgement),
  (response) =>
    response.writeHead(200, { ...json, 'x-signature': right }).end(`${acknowledgement.slice(0, -1)},"a":1}`),
  (response) => response.writeHead(200, { 'content-type': 'text/html', 'x-signature': right }).end(acknowledgement),
  (response) => response.writeHead(201, { ...json, 'x-signature': right }).end(acknowledgement),
  (response) => response.writeHead(204).end(),
  (response) => response.writeHead(301, { location: '/elsewhere' }).end(),
  (response) => response.writeHead(500, json).end('{"error":"no"}'),
  (response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(acknowledgement)),
  (response) => response.writeHead(200, { ...json, 'x-signature': right }).end(acknowledgement.padEnd(9_000)),
  (response) => response.destroy(),
];

const acknowledge = (response: ServerResponse) =>
  response.writeHead(200, { ...json, 'x-signature': right }).end(acknowledgement);

interface Post {
  readonly event: string;
  /** How many came before with the same id. */
  readonly before: number;
  readonly afterMs: number;
}

/** How receivers behave; each answers whether this attempt is acknowledged, and the last of them never does. */
const receivers: Readonly<Record<string, (post: Post, response: ServerResponse) => unknown>> = {
  well: (_, response) => acknowledge(response),
  down: ({ afterMs }, response) => (afterMs < 20 * hour ? response.destroy() : acknowledge(response)),
  flapping: ({ event, before }, response) =>
    before < 7 && chance(`${event} ${before}`) < 0.5 ? response.destroy() : acknowledge(response),
  slow: ({ event, before }, response) => {
    if (before >= 1 + Math.floor(chance(event) * 2)) setTimeout(() => acknowledge(response), 5);
  },
  wrong: ({ event, before }, response) => {
    const answer = wrongAnswers[Math.floor(chance(`${event} ${before}`) * wrongAnswers.length)];
    return before < 7 && chance(event) > before / 7 ? answer?.(response) : acknowledge(response);
  },
  never: ({ event, before }, response) =>
    wrongAnswers[Math.floor(chance(`${event} ${before}`) * wrongAnswers.length)]?.(response),
};
/** How many of the events go to each. */
const shares: Readonly<Record<string, number>> = {
  well: 0.35,
  down: 0.1,
  flapping: 0.2,
  slow: 0.1,
  wrong: 0.2,
  never: 0.05,
};

let database: TestDatabase;
let origin: string;
let clock: VirtualClock;
let runner: Runner;
/** Ids that were acknowledged, by how often; and how often each came. */
const came = new Map<string, number>();

const server = createServer(async (incoming, response) => {
  for await (const _ of incoming);
  const event = String(incoming.headers['webhook-id']);
  const before = came.get(event) ?? 0;
  came.set(event, before + 1);
  const afterMs = clock.now().getTime() - beginning.getTime();
  receivers[(incoming.url ?? '').slice(1)]?.({ event, before, afterMs }, response);
});

beforeAll(async () => {
  right = await sign(Buffer.from(acknowledgement), merchant.privateKey);
  foreign = await sign(Buffer.from(acknowledgement), stranger.privateKey);
  database = await freshDatabase();
  const insert = {
    name: 'test/merchant',
    text: `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
           values ($1, 'A shop', 'ACTIVE', false, '{}', $2)`,
  };
  for (const merchantId of merchants) await database.rows(insert, [merchantId, beginning]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  clock = new VirtualClock(beginning);
  const deps = {
    database,
    clock,
    log: createLog({ level: 'error', write: () => {} }),
    egress,
    platformKeys: { signerOf: async () => platform },
    merchantOf: async () => ({ publicKeys: [merchant.publicKey], settings: { lenientAck: false } }),
    timeoutMs: 250,
  };
  runner = startRunner(deps, { 'webhook/deliver': { run: (job) => deliver(deps, job) } });
});
afterAll(async () => {
  await runner.stop();
  egress.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const tell = (merchantId: string, objectId: string, receiver: string) =>
  database.transaction((tx) =>
    notify(
      tx,
      { now: clock.now() },
      {
        merchantId,
        objectId,
        notifyUrl: `${origin}/${receiver}`,
        eventType: 'PAYMENT_NOTIFICATION',
        result: { acquiringOrderId: objectId } as PaymentNotification['result'],
      },
    ),
  );

async function travel(until: Date): Promise<void> {
  await travelTo(runner, clock, until);
}

interface Story {
  readonly event_id: string;
  readonly receiver: string;
  readonly status: string;
  readonly seconds: number[];
  readonly outcomes: (string | null)[];
}
const stories = () =>
  database.rows<Story>({
    name: 'test/stories',
    text: `select event_id, split_part(notify_url, '/', 4) as receiver, status,
             array(select extract(epoch from d.started_at - o.created_at)::float8 from delivery d
                   where d.merchant_id = o.merchant_id and d.event_id = o.event_id order by attempt) as seconds,
             array(select d.outcome from delivery d
                   where d.merchant_id = o.merchant_id and d.event_id = o.event_id order by attempt) as outcomes
           from outbox o order by event_id`,
  });

describe('a storm', () => {
  test(`of ${size} notifications to receivers of every kind loses nothing, and tries each at its published second`, {
    timeout: isFull ? 3 * hour : 120_000,
  }, async () => {
    const kinds = Object.entries(shares).flatMap(([kind, share]) => Array<string>(Math.round(size * share)).fill(kind));
    for (const [index, kind] of kinds.entries()) await tell(merchants[index % 10] ?? '', `A${index}`, kind);
    await travel(new Date(beginning.getTime() + 21 * hour));

    const all = await stories();
    expect(all).toHaveLength(size);
    const lost = all.filter(({ receiver, status }) => status !== (receiver === 'never' ? 'EXHAUSTED' : 'DELIVERED'));
    expect(lost).toEqual([]);
    const offTime = all.filter(({ seconds }) => seconds.some((second, index) => second !== published[index]));
    expect(offTime).toEqual([]);
    expect(Math.max(...all.map(({ seconds }) => seconds.length))).toBe(8);
    // What was sent is what was recorded, and nothing else; an acknowledged one was never sent again.
    const miscounted = all.filter(({ event_id, seconds }) => came.get(event_id) !== seconds.length);
    expect(miscounted).toEqual([]);
    expect(all.filter(({ outcomes }) => outcomes.indexOf('acknowledged') !== outcomes.length - 1)).toHaveLength(
      all.filter(({ receiver }) => receiver === 'never').length,
    );
    expect(all.filter(({ receiver, seconds }) => receiver === 'down' && seconds.length !== 8)).toEqual([]);
    const words = new Set(all.flatMap(({ outcomes }) => outcomes));
    expect(words.size).toBeGreaterThan(8);
  });
});
