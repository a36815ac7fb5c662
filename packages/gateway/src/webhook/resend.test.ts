import { generateKeyPairSync } from 'node:crypto';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import type { PaymentNotification } from '@waffo/protocol/notifications';
import { sign } from '@waffo/protocol/signature';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { travelTo } from '../../../../test/kit/travel.ts';
import { VirtualClock } from '../clock.ts';
import { type Runner, startRunner } from '../job/runner.ts';
import { createLog } from '../observe/log.ts';
import { type DeliverDeps, deliver } from './deliver.ts';
import type { Egress } from './egress.ts';
import { type EventDetails, listEvents, showEvent } from './list.ts';
import { notify } from './notify.ts';
import { resend, resendAll } from './resend.ts';

const beginning = new Date('2026-11-23T12:00:00.000Z');
const hour = 3_600_000;
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  for (const merchantId of ['M1', 'M2']) {
    await database.rows(
      {
        name: 'test/merchant',
        text: `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
               values ($1, 'A shop', 'ACTIVE', false, '{}', $2)`,
      },
      [merchantId, beginning],
    );
  }
});

/** What arrived, by its id and the mark of its object; and whether the receiver acknowledges. */
let arrived: { id: string; mark: string; body: string; at: number }[];
let isDown: boolean;
let hold: Promise<void> | undefined;
let clock: VirtualClock;
let runner: Runner;
const deps = () => ({ database, clock });

const receiver: Pick<Egress, 'post'> = {
  async post(_url, { headers, body }) {
    const text = Buffer.from(body).toString();
    const mark = JSON.parse(text).result.orderDescription;
    arrived.push({
      id: headers['webhook-id'] ?? '',
      mark,
      body: text,
      at: clock.now().getTime() - beginning.getTime(),
    });
    await hold;
    const answer = Buffer.from(isDown ? '{"message":"failed"}' : acknowledgement);
    const signature = await sign(answer, merchant.privateKey);
    const answered = { 'content-type': 'application/json', 'x-signature': signature };
    return { status: 200, headers: answered, body: answer, truncated: false };
  },
};

beforeEach(() => {
  arrived = [];
  isDown = false;
  hold = undefined;
  clock = new VirtualClock(beginning);
  const log = createLog({ level: 'error', write: () => {} });
  const parts: DeliverDeps = {
    database,
    clock,
    log,
    egress: receiver,
    platformKeys: { signerOf: async () => platform },
    merchantOf: async () => ({ publicKeys: [merchant.publicKey], settings: { lenientAck: false } }),
  };
  runner = startRunner({ database, clock, log }, { 'webhook/deliver': { run: (job) => deliver(parts, job) } });
});
afterEach(async () => {
  await runner.stop();
  await database.rows({ name: 'test/clear', text: 'truncate job, outbox, delivery' });
});

async function travel(ms: number): Promise<void> {
  const until = new Date(clock.now().getTime() + ms);
  await travelTo(runner, clock, until);
}

const tell = (mark: string, objectId = mark, merchantId = 'M1'): Promise<string> =>
  database.transaction((tx) =>
    notify(
      tx,
      { now: clock.now() },
      {
        merchantId,
        objectId,
        notifyUrl: 'https://shop.example/hook',
        eventType: 'PAYMENT_NOTIFICATION',
        result: { acquiringOrderId: objectId, orderDescription: mark } as PaymentNotification['result'],
      },
    ),
  );

const shown = async (eventId: string): Promise<EventDetails> => {
  const details = await showEvent(deps(), eventId);
  if (details === undefined) throw new Error('there is no such event');
  return details;
};
const marks = () => arrived.map(({ mark }) => mark);

describe('an exhausted notification that is sent again', () => {
  test('is the same message under the same id, and is then delivered', async () => {
    isDown = true;
    const eventId = await tell('A1');
    await travel(48 * hour);
    expect(await shown(eventId)).toMatchObject({ status: 'EXHAUSTED', attempts: 8 });
    isDown = false;
    expect(await resend(deps(), { merchantId: 'M1', eventId })).toBe('resent');
    await runner.drain();
    expect(await shown(eventId)).toMatchObject({ status: 'DELIVERED', attempts: 9 });
    expect(new Set(arrived.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
  });

  test('has the whole schedule before it again, and no attempt more', async () => {
    isDown = true;
    const eventId = await tell('A1');
    await travel(48 * hour);
    arrived = [];
    await resend(deps(), { merchantId: 'M1', eventId });
    await travel(48 * hour);
    const first = arrived[0]?.at ?? 0;
    expect(arrived.map(({ at }) => (at - first) / 1_000)).toEqual([0, 30, 90, 330, 2_130, 16_530, 45_330, 74_130]);
    expect(await shown(eventId)).toMatchObject({ status: 'EXHAUSTED', attempts: 16 });
  });
});

describe('sending again', () => {
  test('a notification that was delivered brings it once more', async () => {
    const eventId = await tell('A1');
    await runner.drain();
    await resend(deps(), { merchantId: 'M1', eventId });
    await travel(24 * hour);
    expect(marks()).toEqual(['A1', 'A1']);
  });

  test('one that waits for its next attempt sends it now, keeps its lane in order, and leaves no second job', async () => {
    isDown = true;
    const first = await tell('first', 'A1');
    await tell('second', 'A1');
    await runner.drain();
    isDown = false;
    await travel(10_000);
    expect(marks()).toEqual(['first']);
    await resend(deps(), { merchantId: 'M1', eventId: first });
    await travel(24 * hour);
    expect(marks()).toEqual(['first', 'first', 'second']);
    expect(arrived[1]?.at).toBe(10_000);
    expect(await runner.nextDue()).toBeUndefined();
  });

  test('one that is being sent at this moment changes nothing', async () => {
    let release = () => {};
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const eventId = await tell('A1');
    runner.nudge();
    await vi.waitFor(() => expect(arrived).toHaveLength(1));
    expect(await resend(deps(), { merchantId: 'M1', eventId })).toBe('under way');
    release();
    await travel(24 * hour);
    expect(marks()).toEqual(['A1']);
  });

  test("another merchant's notification finds nothing", async () => {
    const eventId = await tell('A1');
    expect(await resend(deps(), { merchantId: 'M2', eventId })).toBe('unknown');
    expect(await showEvent(deps(), eventId, 'M2')).toBeUndefined();
    expect((await listEvents(deps(), { merchantId: 'M2' }, { limit: 10 })).events).toEqual([]);
  });

  test('all that failed since a moment leaves what was delivered, what is older and what is of others', async () => {
    isDown = true;
    await tell('too old');
    await runner.drain();
    await travel(hour);
    const since = clock.now();
    for (let index = 0; index < 120; index++) await tell(`lost ${index}`);
    await tell('of another', 'X', 'M2');
    await travel(30 * hour);
    isDown = false;
    await tell('fine');
    await runner.drain();
    arrived = [];
    const seen: number[] = [];
    const result = await resendAll(deps(), { merchantId: 'M1', failed: true, from: since }, (done) => seen.push(done));
    await runner.drain();
    expect(result).toEqual({ resent: 120, underWay: 0 });
    expect(seen).toEqual([100, 120]);
    expect(marks().sort()).toEqual(Array.from({ length: 120 }, (_, index) => `lost ${index}`).sort());
  });

  test('a range sends the events of one object in the order in which they were written', async () => {
    for (const mark of ['1', '2', '3']) await tell(mark, 'A1');
    await runner.drain();
    arrived = [];
    await resendAll(deps(), { objectId: 'A1' });
    await runner.drain();
    expect(marks()).toEqual(['1', '2', '3']);
  });
});

describe('the list', () => {
  test('has the newest first, page by page, without a gap', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 7; index++) ids.push(await tell(`${index}`));
    const seen: string[] = [];
    for (let before: string | undefined; ; ) {
      const page = await listEvents(deps(), {}, { limit: 3, ...(before && { before }) });
      seen.push(...page.events.map(({ eventId }) => eventId));
      before = page.next;
      if (before === undefined) break;
    }
    expect(seen).toEqual(ids.reverse());
  });

  test('says how each stands: why the last attempt failed, and when the next one is', async () => {
    isDown = true;
    await tell('A1');
    await travel(29_000);
    const { events } = await listEvents(deps(), { failed: true }, { limit: 10 });
    expect(events).toMatchObject([
      {
        merchantId: 'M1',
        objectId: 'A1',
        status: 'PENDING',
        attempts: 1,
        lastHttpStatus: 200,
        lastOutcome: expect.stringContaining('message "failed"'),
        nextAttemptAt: new Date(beginning.getTime() + 30_000),
      },
    ]);
    expect((await listEvents(deps(), { status: 'DELIVERED' }, { limit: 10 })).events).toEqual([]);
  });

  test('shows of one notification what was sent and what came back, attempt by attempt', async () => {
    isDown = true;
    const eventId = await tell('A1');
    await travel(30_000);
    const { body, history } = await shown(eventId);
    expect(JSON.parse(body).eventType).toBe('PAYMENT_NOTIFICATION');
    expect(history.map(({ requestHeaders }) => Number(requestHeaders['webhook-timestamp']) % 60)).toEqual([0, 30]);
    expect(history[1]).toMatchObject({
      attempt: 2,
      requestHeaders: { 'webhook-id': eventId, 'X-SIGNATURE': expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/) },
      httpStatus: 200,
      answerType: 'application/json',
      answerExcerpt: '{"message":"failed"}',
    });
  });
});
