/**
 * The database's machine is lost under load, again and again, and its synchronous standby takes over; the gateways are the
 * same processes all the time. Then a judge looks for everything that was acknowledged, and for anything that was done twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { type ChildGateway, startChildGateway } from './child-gateway.ts';
import { type Acknowledged, type FailoverLoad, startFailoverLoad } from './failover-load.ts';
import { faultsOfLedger } from './ledger.ts';
import { type Outage, startOutage } from './outage.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type StandbyPair, startStandbyPair } from './standby.ts';
import { throwawayFolder } from './throwaway-folder.ts';

export interface FailoverFigures {
  readonly version: string;
  readonly tokens: number;
  readonly removed: number;
  readonly orders: number;
  readonly refunds: number;
  readonly repeated: number;
  readonly notifications: number;
  /** Longest time from the moment that the address led to the new primary until a gateway worked again. */
  readonly slowestMs: number;
  /** Acknowledged, and not there or not as it was acknowledged. */
  readonly lost: readonly string[];
  /** Done twice, never told, or otherwise not as it should be. */
  readonly wrong: readonly string[];
}

interface Options {
  readonly rounds: number;
  /** Between 0 and 1, for the moments of the kills. */
  readonly random: () => number;
  readonly synchronous: boolean;
  readonly say?: (line: string) => void;
}

interface Scene {
  readonly pair: StandbyPair;
  readonly address: Outage;
  readonly gateways: readonly ChildGateway[];
  readonly receiver: Receiver;
  readonly load: FailoverLoad;
}

const clients = 12;
const recoversWithinMs = 30_000;
/** An attempt whose outcome is unknown is asked for after a minute, and the lease of a job that was lost ends then. */
const settlesWithinMs = 240_000;
/** How long the standby hears nothing before the primary is lost, in every second round. */
const cutOffMs = 300;

/** @throws Error when a server or a gateway does not start */
export async function rehearseFailover(options: Options): Promise<FailoverFigures> {
  const { say = () => {} } = options;
  const folder = await throwawayFolder('waffo-failover-');
  const endings: (() => Promise<void>)[] = [folder.remove];
  try {
    const pair = await startStandbyPair(options);
    endings.push(pair.stop);
    const address = await startOutage(pair.url());
    endings.push(address.stop);
    const keys: Parameters<typeof startReceiver>[0] = {};
    const receiver = await startReceiver(keys);
    endings.push(receiver.stop);
    const gateways: ChildGateway[] = [];
    for (const role of ['api', 'api', 'worker']) {
      const gateway = await startChildGateway(folder.path, {
        WAFFO_DATABASE_URL: address.url,
        WAFFO_ROLE: role,
        WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
        WAFFO_LOG_LEVEL: 'error',
      });
      gateways.push(gateway);
      endings.push(gateway.stop);
    }
    const [first, second] = gateways as [ChildGateway, ChildGateway];
    keys.privateKey = parsePrivateKey(first.sandbox.merchantPrivateKey);
    const urls = [first.url, second.url];
    const load = startFailoverLoad({ as: first.sandbox, urls, clients, notifyUrl: receiver.url });
    const scene: Scene = { pair, address, gateways, receiver, load };
    const slowest: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      await sleep(1_500 + options.random() * 1_500);
      slowest.push(await failOver(scene, round, say));
      if (round < options.rounds) await pair.addStandby();
    }
    await sleep(1_000);
    await load.end();
    return await judge(scene, Math.max(...slowest), say);
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

/** @returns the time until each gateway worked again, in milliseconds */
async function failOver(scene: Scene, round: number, say: (line: string) => void): Promise<number> {
  const { pair, address, load } = scene;
  const cutOff = round % 2 === 0;
  if (cutOff) {
    await pair.cutStandbyOff();
    await sleep(cutOffMs);
  }
  await pair.killPrimary();
  const before = countOf(load.acknowledged);
  const killedAt = performance.now();
  await address.begin();
  await pair.promote();
  address.leadTo(pair.url());
  await address.end();
  const movedAt = performance.now();
  const times = await recovery(scene, movedAt);
  const ms = (value: number) => `${Math.round(value)} ms`;
  say(
    `round ${round}: primary killed${cutOff ? `, its standby cut off ${cutOffMs} ms before` : ''}, after ${before} acknowledged effects; ` +
      `promoted in ${ms(movedAt - killedAt)}; api, api, worker at work again after ${times.map(ms).join(', ')}`,
  );
  return Math.max(...times);
}

/** Each api has worked again when it has taken a payment, the worker when it has told of one that was taken afterwards. */
async function recovery({ load, receiver, gateways }: Scene, movedAt: number): Promise<number[]> {
  const paidSince = () => load.paid.filter(({ at }) => at > movedAt);
  const apis = gateways.slice(0, -1).map((_, at) => () => paidSince().find(({ gateway }) => gateway === at)?.at);
  const worker = () => {
    const since = new Set(paidSince().map(({ paymentRequestId }) => paymentRequestId));
    return receiver.received.some(({ event }) => since.has(event.result.paymentRequestId))
      ? performance.now()
      : undefined;
  };
  return Promise.all(
    [...apis, worker].map(async (workedAt, at) => {
      for (const until = movedAt + recoversWithinMs; performance.now() < until; await sleep(5)) {
        const found = workedAt();
        if (found !== undefined) return found - movedAt;
      }
      throw new Error(
        `process ${at + 1} did not recover within ${recoversWithinMs / 1_000} s: ${gateways[at]?.output()}`,
      );
    }),
  );
}

const countOf = ({ tokens, removed, orders, refunds }: Acknowledged): number =>
  tokens.size + removed.size + orders.size + refunds.size;

async function judge(scene: Scene, slowestMs: number, say: (line: string) => void): Promise<FailoverFigures> {
  const { pair, gateways, receiver, load } = scene;
  const { tokens, removed, orders, refunds } = load.acknowledged;
  const database = await openDatabase({ url: pair.url(), poolSize: 2 });
  try {
    say('the load has ended; what was under way when a primary was lost comes to its end');
    const open = await settle(database);
    return {
      version: pair.version,
      tokens: tokens.size,
      removed: removed.size,
      orders: orders.size,
      refunds: refunds.size,
      repeated: load.repeated(),
      notifications: new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size,
      slowestMs,
      lost: await lossesOf(database, load.acknowledged, receiver),
      wrong: [
        ...load.refused,
        ...open,
        ...(await faultsOfLedger(database)),
        ...(await doneTwice(database)),
        ...(await untold(database, receiver)),
        ...gateways.flatMap(({ process }, at) => (process.exitCode === null ? [] : [`gateway ${at + 1} has ended`])),
      ],
    };
  } finally {
    await database.close();
  }
}

const stillOpen = {
  name: 'test/open',
  text: `select 'attempt ' || attempt_id as what from payment_attempt where status in ('SENDING', 'UNKNOWN')
    union all select 'notification ' || event_id from outbox where status = 'PENDING'
    union all select 'refund ' || refund_request_id from payment_refund where status = 'REFUND_IN_PROGRESS'`,
};

/** @returns what does not come to an end */
async function settle(database: Database): Promise<string[]> {
  const open = async () => (await database.rows<{ what: string }>(stillOpen)).map(({ what }) => `${what} is open`);
  for (const until = Date.now() + settlesWithinMs; Date.now() < until; await sleep(500)) {
    if ((await open()).length === 0) return [];
  }
  return open();
}

/** Final statuses stay; what was acknowledged as under way is there, and has an end by now. */
const isKept = (told: string, now: string | undefined): boolean =>
  now !== undefined && (now === told || told.endsWith('_IN_PROGRESS'));

async function lossesOf(database: Database, told: Acknowledged, { received }: Receiver): Promise<string[]> {
  const statuses = async (table: string, id: string) => {
    const text = `select ${id} as id, status from ${table}`;
    const rows = await database.rows<{ id: string; status: string }>({ name: `test/statuses-${table}-${id}`, text });
    return new Map(rows.map((row) => [row.id, row.status]));
  };
  const [tokens, byToken, orders, refunds] = [
    await statuses('token', 'token_request_id'),
    await statuses('token', 'token_id'),
    await statuses('payment_order', 'payment_request_id'),
    await statuses('payment_refund', 'refund_request_id'),
  ];
  const lost = (noun: string, all: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>) =>
    [...all]
      .filter(([id, status]) => !isKept(status, now.get(id)))
      .map(([id, status]) => `${noun} ${id} was told ${status} and is ${now.get(id) ?? 'gone'}`);
  const notified = received.map(({ event }) => event.result);
  const ordersTold = notified.filter(
    ({ paymentRequestId, orderStatus }) =>
      orderStatus !== undefined && orderStatus !== told.orders.get(paymentRequestId),
  );
  return [
    ...[...told.tokens.keys()].filter((id) => !tokens.has(id)).map((id) => `token of ${id} is gone`),
    ...[...told.removed]
      .filter((id) => byToken.get(id) !== 'REMOVED')
      .map((id) => `token ${id} was removed and is back`),
    ...lost('order', told.orders, orders),
    ...lost('refund', told.refunds, refunds),
    ...lost('notified order', new Map(ordersTold.map((one) => [one.paymentRequestId, one.orderStatus])), orders),
  ];
}

async function doneTwice(database: Database): Promise<string[]> {
  const text = `select s.verb || ' of ' || a.subject_id as what
    from sandbox_transaction s join payment_attempt a on a.attempt_id::text = s.reference
    where s.outcome->>'kind' = 'approved' group by a.subject_id, s.verb having count(*) > 1`;
  const rows = await database.rows<{ what: string }>({ name: 'test/twice', text });
  return rows.map(({ what }) => `${what} was done twice`);
}

/** Every notification that was written has arrived. */
async function untold(database: Database, { received }: Receiver): Promise<string[]> {
  const arrived = new Set(received.map(({ headers }) => String(headers['webhook-id'])));
  const text = 'select event_id::text as id from outbox';
  const rows = await database.rows<{ id: string }>({ name: 'test/outbox', text });
  return rows.filter(({ id }) => !arrived.has(id)).map(({ id }) => `notification ${id} never arrived`);
}
