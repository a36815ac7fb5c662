import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { acknowledgement } from '@waffo/protocol/acknowledgement';
import type { PaymentNotification } from '@waffo/protocol/notifications';
import { sign, verify } from '@waffo/protocol/signature';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { travelTo } from '../../../../test/kit/travel.ts';
import { VirtualClock } from '../clock.ts';
import { newRowId } from '../id.ts';
import { type Runner, startRunner } from '../job/runner.ts';
import { createLog } from '../observe/log.ts';
import { mustAnswer } from './acknowledgement.ts';
import { type DeliverDeps, deliver } from './deliver.ts';
import { createEgress } from './egress.ts';
import { notify } from './notify.ts';
import { beginDelivery, endDelivery, findEvent } from './outbox.store.ts';

const beginning = new Date('2026-11-23T12:00:00.000Z');
const hour = 3_600_000;
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const egress = createEgress({ allowLoopback: true, allowHttp: true });

let database: TestDatabase;
let url: string;
beforeAll(async () => {
  database = await freshDatabase();
  await database.rows(
    {
      name: 'test/merchant',
      text: `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
             values ('M1', 'A shop', 'ACTIVE', false, '{}', $1)`,
    },
    [beginning],
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  egress.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
type Behaviour = (response: ServerResponse, post: Post) => unknown;

/** What the receiver got, and how it answers. */
let posts: Post[] = [];
let behave: Behaviour;
const server = createServer(async (incoming, response) => {
  const post = { headers: incoming.headers, body: Buffer.concat(await incoming.toArray()) };
  posts.push(post);
  await behave(response, post);
});

const json = { 'content-type': 'application/json' };
const answer = async (response: ServerResponse, body: string, key: KeyObject = merchant.privateKey) =>
  response.writeHead(200, { ...json, 'x-signature': await sign(Buffer.from(body), key) }).end(body);
const acknowledge: Behaviour = (response) => answer(response, acknowledgement);
const down: Behaviour = (response) => response.destroy();

const runners: Runner[] = [];
beforeEach(() => {
  posts = [];
  behave = acknowledge;
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.stop();
  await database.rows({ name: 'test/clear', text: 'truncate job, outbox, delivery' });
});

/** A process that delivers, with what the test changes about it. */
function deliverer(changed: Partial<DeliverDeps> = {}, lenientAck = false) {
  const clock = new VirtualClock(changed.clock?.now() ?? beginning);
  const lines: string[] = [];
  const deps: DeliverDeps = {
    database,
    log: createLog({ level: 'debug', write: (line) => lines.push(line) }),
    egress,
    platformKeys: { signerOf: async () => platform },
    merchantOf: async () => ({ publicKeys: [merchant.publicKey], settings: { lenientAck } }),
    ...changed,
    clock,
  };
  const runner = startRunner(deps, { 'webhook/deliver': { run: (job) => deliver(deps, job) } });
  runners.push(runner);
  const travel = async (ms: number) => {
    const until = new Date(clock.now().getTime() + ms);
    await travelTo(runner, clock, until);
  };
  return { deps, runner, clock, lines, travel };
}

/** Notifies of an order's end; the result only has what the tests look at. */
const tell = (objectId: string, mark = objectId, notifyUrl = url): Promise<string> =>
  database.transaction((tx) => told(tx, objectId, mark, notifyUrl));

const told = (tx: Parameters<typeof notify>[0], objectId: string, mark: string, notifyUrl = url) => {
  const result = { acquiringOrderId: objectId, orderDescription: mark } as PaymentNotification['result'];
  return notify(
    tx,
    { now: beginning },
    { merchantId: 'M1', objectId, eventType: 'PAYMENT_NOTIFICATION', notifyUrl, result },
  );
};

const statusOf = async (eventId: string) => (await findEvent(database, 'M1', eventId))?.status;

interface DeliveryRow {
  readonly attempt: number;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly http_status: number | null;
  readonly outcome: string | null;
  readonly answer_type: string | null;
  readonly answer_excerpt: string | null;
}
const deliveriesOf = (eventId: string) =>
  database.rows<DeliveryRow>(
    { name: 'test/deliveries', text: 'select * from delivery where event_id = $1 order by attempt' },
    [eventId],
  );

const marks = () => posts.map(({ body }) => JSON.parse(body.toString()).result.orderDescription);
const secondsOf = (rows: DeliveryRow[]) =>
  rows.map(({ started_at }) => (started_at.getTime() - beginning.getTime()) / 1_000);

describe('a notification', () => {
  test('arrives as the stored bytes, signed, with its id and time, and is then delivered', async () => {
    const { runner } = deliverer();
    const eventId = await tell('A1', 'teapots ☕');
    await runner.drain();
    const [post, ...more] = posts;
    expect(more).toEqual([]);
    expect(post?.body.toString()).toBe(
      '{"eventType":"PAYMENT_NOTIFICATION","result":{"acquiringOrderId":"A1","orderDescription":"teapots ☕"}}',
    );
    expect(post?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': eventId,
      'webhook-timestamp': String(beginning.getTime() / 1_000),
      'user-agent': 'Waffo-Webhook/1',
    });
    expect(verify(post?.body ?? Buffer.alloc(0), String(post?.headers['x-signature']), platform.publicKey)).toBe(true);
    expect(await statusOf(eventId)).toBe('DELIVERED');
    expect(await deliveriesOf(eventId)).toMatchObject([{ attempt: 1, http_status: 200, outcome: 'acknowledged' }]);
    expect(await runner.nextDue()).toBeUndefined();
  });

  test('of a transition that was rolled back is never sent', async () => {
    const { runner } = deliverer();
    const work = database.transaction(async (tx) => {
      await told(tx, 'A1', 'A1');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    await runner.drain();
    expect(posts).toEqual([]);
  });

  test('is written down as an attempt before it is sent', async () => {
    const seen: DeliveryRow[][] = [];
    let eventId = '';
    behave = async (response) => {
      seen.push(await deliveriesOf(eventId));
      await answer(response, acknowledgement);
    };
    const { runner } = deliverer();
    eventId = await tell('A1');
    await runner.drain();
    expect(seen).toMatchObject([[{ attempt: 1, ended_at: null, outcome: null }]]);
  });
});

describe('a receiver that is down', () => {
  test('for twenty hours gets the same message at exactly the published times, and nothing after it acknowledged', async () => {
    behave = down;
    const here = deliverer();
    const eventId = await tell('A1');
    await here.travel(20 * hour);
    behave = acknowledge;
    await here.travel(20 * hour);
    const rows = await deliveriesOf(eventId);
    expect(secondsOf(rows)).toEqual([0, 30, 90, 330, 2_130, 16_530, 45_330, 74_130]);
    expect(rows.map(({ outcome }) => outcome)).toEqual([
      ...Array(7).fill('your server closed the connection before it had answered'),
      'acknowledged',
    ]);
    expect(await statusOf(eventId)).toBe('DELIVERED');
    expect(posts).toHaveLength(8);
    const digests = posts.map(({ body, headers }) =>
      createHash('sha256').update(body).update(`${headers['x-signature']} ${headers['webhook-id']}`).digest('hex'),
    );
    expect(new Set(digests).size).toBe(1);
    expect(posts.map(({ headers }) => Number(headers['webhook-timestamp']) - beginning.getTime() / 1_000)).toEqual(
      secondsOf(rows),
    );
  });

  test('for good is tried eight times and no ninth; the event is kept with what was heard', async () => {
    behave = (response) => answer(response, '{"message":"failed"}');
    const here = deliverer();
    const eventId = await tell('A1');
    await here.travel(72 * hour);
    expect(posts).toHaveLength(8);
    expect(await statusOf(eventId)).toBe('EXHAUSTED');
    expect((await deliveriesOf(eventId)).at(-1)).toMatchObject({
      attempt: 8,
      http_status: 200,
      outcome: `your server answered 200 with message "failed"; ${mustAnswer}`,
    });
    expect(here.lines.filter((line) => line.includes('will not be sent again'))).toHaveLength(1);
  });

  test('is told apart from an address that is not allowed only in the log', async () => {
    const here = deliverer();
    const closed = await tell('A1', 'A1', 'http://127.0.0.1:1/hook');
    const inside = await tell('A2', 'A2', 'http://10.0.0.1/hook');
    await here.runner.drain();
    const outcomes = [(await deliveriesOf(closed))[0], (await deliveriesOf(inside))[0]].map((row) => row?.outcome);
    expect(outcomes).toEqual(Array(2).fill(expect.stringContaining('could not be reached')));
    expect(here.lines.join()).toContain('ECONNREFUSED');
  });
});

describe('an answer on the wire', () => {
  const page = `<html>${'x'.repeat(100_000)}</html>`;
  const refused: Record<string, [Behaviour, string]> = {
    'an empty 204': [(response) => response.writeHead(204).end(), `your server answered 204; ${mustAnswer}`],
    'a redirect': [
      (response) => response.writeHead(302, { location: url }).end(),
      'your server answered 302; redirects are not followed: give the URL that answers itself',
    ],
    'a long page of errors': [
      (response) => response.writeHead(500).end(page),
      `your server answered 500; ${mustAnswer}`,
    ],
    'a page': [
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(acknowledgement),
      `your server answered 200 with text/html; ${mustAnswer}`,
    ],
    'compressed JSON': [
      (response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(acknowledgement)),
      `your server answered 200 with a body that is not JSON; ${mustAnswer}`,
    ],
    'a success that goes on for too long': [
      (response) => response.writeHead(200, json).end(acknowledgement.padEnd(5_000)),
      `your server answered 200 with more than 4 KB; ${mustAnswer}`,
    ],
    'no signature': [
      (response) => response.writeHead(200, json).end(acknowledgement),
      `your server answered without X-SIGNATURE; ${mustAnswer}`,
    ],
    'the signature of another': [
      (response) => answer(response, acknowledgement, stranger.privateKey),
      "the X-SIGNATURE of your server's answer does not fit its body and any of your public keys; sign the exact bytes that you send",
    ],
  };

  test.each(Object.entries(refused))(
    'that is %s is recorded in words and tried again',
    async (_, [behaviour, outcome]) => {
      behave = behaviour;
      const { runner } = deliverer();
      const eventId = await tell('A1');
      await runner.drain();
      expect(await deliveriesOf(eventId)).toMatchObject([{ attempt: 1, outcome }]);
      expect(await statusOf(eventId)).toBe('PENDING');
      expect(await runner.nextDue()).toEqual(new Date(beginning.getTime() + 30_000));
    },
  );

  test('is kept in its beginning, printable and without a number that looks like a card', async () => {
    const body = `<h1>Card 4111 1111 1111 1111 declined</h1>\u0000${'x'.repeat(3_000)}`;
    behave = (response) => response.writeHead(500, { 'content-type': 'text/html' }).end(body);
    const { runner } = deliverer();
    const eventId = await tell('A1');
    await runner.drain();
    const [row] = await deliveriesOf(eventId);
    expect(row).toMatchObject({ answer_type: 'text/html', http_status: 500 });
    expect(row?.answer_excerpt).toMatch(/^<h1>Card \[pan\] declined<\/h1>\?x+…$/);
    expect(row?.answer_excerpt?.length).toBeLessThanOrEqual(1_001);
  });

  test('that is chunked and signed counts', async () => {
    behave = async (response) => {
      response.writeHead(200, {
        ...json,
        'x-signature': await sign(Buffer.from(acknowledgement), merchant.privateKey),
      });
      for (const character of acknowledgement) response.write(character);
      response.end();
    };
    const { runner } = deliverer();
    const eventId = await tell('A1');
    await runner.drain();
    expect(await statusOf(eventId)).toBe('DELIVERED');
  });

  test('without a signature counts where the merchant switched that on', async () => {
    behave = (response) => response.writeHead(200, json).end(acknowledgement);
    const { runner } = deliverer({}, true);
    const eventId = await tell('A1');
    await runner.drain();
    expect(await statusOf(eventId)).toBe('DELIVERED');
  });
});

describe('notifications of one object', () => {
  test('arrive in the order in which they were written, though written in one transaction', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `${index}`);
    await database.transaction(async (tx) => {
      for (const name of names) await told(tx, 'A1', name);
    });
    await deliverer().runner.drain();
    expect(marks()).toEqual(names);
  });

  test('wait for one that fails, until it has failed three times; other objects never wait', async () => {
    behave = (response, post) => (post.body.includes('poison') ? down : acknowledge)(response, post);
    const here = deliverer();
    await tell('A1', 'poison');
    await tell('A1', 'behind it');
    await tell('A2', 'elsewhere');
    await here.runner.drain();
    expect(marks().sort()).toEqual(['elsewhere', 'poison']);
    await here.travel(89_000);
    expect(marks()).not.toContain('behind it');
    await here.travel(1_000);
    expect(marks().slice(-2)).toEqual(['poison', 'behind it']);
    await here.travel(72 * hour);
    expect(marks().filter((mark) => mark === 'poison')).toHaveLength(8);
    expect(marks().filter((mark) => mark === 'behind it')).toHaveLength(1);
  });
});

describe('a death between sending and recording', () => {
  test('is followed by the same message under the same id, when the lease is over', async () => {
    let arrived = 0;
    const dying: DeliverDeps['egress'] = {
      async post(...all) {
        await egress.post(...all);
        arrived += 1;
        return new Promise(() => {});
      },
    };
    const eventId = await tell('A1');
    deliverer({ egress: dying }).runner.nudge();
    await vi.waitFor(() => expect(arrived).toBe(1));
    runners.pop();

    const next = deliverer();
    await next.travel(59_999);
    expect(posts).toHaveLength(1);
    await next.travel(1);
    const [first, second] = posts;
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['x-signature']).toBe(first?.headers['x-signature']);
    expect(await statusOf(eventId)).toBe('DELIVERED');
    expect(await deliveriesOf(eventId)).toMatchObject([{ outcome: null }, { outcome: 'acknowledged' }]);
  });

  test('does not burn the schedule: after a crash in the fifth attempt the sixth comes when it is due', async () => {
    const eventId = await tell('A1');
    for (let attempt = 1; attempt <= 5; attempt++) {
      await beginDelivery(database, { merchantId: 'M1', eventId, attempt }, 'signature', beginning);
    }
    const next = deliverer();
    await next.travel(4 * 3_600_000 - 1);
    expect(posts).toEqual([]);
    await next.travel(1);
    expect(posts).toHaveLength(1);
  });

  test('in the last attempt is made good by one more, for nobody knows whether it was sent', async () => {
    const eventId = await tell('A1');
    for (let attempt = 1; attempt <= 8; attempt++) {
      await beginDelivery(database, { merchantId: 'M1', eventId, attempt }, 'signature', beginning);
    }
    await deliverer().runner.drain();
    expect(posts).toHaveLength(1);
    expect(await statusOf(eventId)).toBe('DELIVERED');
  });

  test('of the worker, but not of its request, changes nothing that another worker has recorded meanwhile', async () => {
    const eventId = await tell('A1');
    const key = { merchantId: 'M1', eventId, attempt: 1 };
    const late = { outcome: 'too late', round: 1 };
    await endDelivery(database, key, { ...late, status: 'EXHAUSTED' }, beginning);
    await endDelivery(database, key, { ...late, status: 'PENDING' }, beginning);
    expect(await statusOf(eventId)).toBe('EXHAUSTED');
    await endDelivery(database, key, { ...late, status: 'DELIVERED' }, beginning);
    await endDelivery(database, key, { ...late, status: 'EXHAUSTED' }, beginning);
    expect(await statusOf(eventId)).toBe('DELIVERED');
  });
});

describe('our own trouble', () => {
  test('costs the merchant none of its eight attempts', async () => {
    let isBroken = true;
    const here = deliverer({
      platformKeys: {
        signerOf: async () => {
          if (isBroken) throw new Error('the key cannot be opened');
          return platform;
        },
      },
    });
    const eventId = await tell('A1');
    await here.travel(hour);
    expect(await deliveriesOf(eventId)).toEqual([]);
    isBroken = false;
    await here.travel(2 * hour);
    expect(await deliveriesOf(eventId)).toMatchObject([{ attempt: 1, outcome: 'acknowledged' }]);
  });

  test('with a job that names no event ends in silence', async () => {
    const { deps } = deliverer();
    expect(await deliver(deps, { merchantId: 'M1', payload: { eventId: newRowId() } })).toBe('done');
    expect(posts).toEqual([]);
  });
});
