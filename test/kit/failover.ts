/**
 * The database's machine is lost under load, again and again, and its synchronous standby takes over; the gateways are the
 * same processes all the time. Then a judge looks for everything that was acknowledged, and for anything that was done twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { type ChildGateway, startChildGateway } from './child-gateway.ts';
import { faultsOf, lossesOf, settle } from './failover-judge.ts';
import { type Acknowledged, type FailoverLoad, startFailoverLoad } from './failover-load.ts';
import { type IsoHost, startIsoHost } from './iso-host.ts';
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
  /** Charges and refunds that the outside acquirer was sent, and reversals. */
  readonly hostMoved: number;
  readonly hostReversed: number;
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
  readonly receivers: readonly Receiver[];
  readonly host: IsoHost;
  readonly load: FailoverLoad;
}

const clientsOfEach = 6;
const recoversWithinMs = 30_000;
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
    const host = await startIsoHost();
    endings.push(host.stop);
    const common = {
      WAFFO_DATABASE_URL: address.url,
      WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
      WAFFO_LOG_LEVEL: 'error',
      WAFFO_ISO8583_URL: `tcp://127.0.0.1:${host.port}`,
      WAFFO_ISO8583_TERMINAL: 'TERM01',
      WAFFO_ISO8583_ACCEPTOR: 'SHOP0001',
    };
    const merchants = await merchantsOf(folder.path, { ...common, WAFFO_ROLE: 'api' });
    const gateways: ChildGateway[] = [];
    for (const role of ['api', 'api', 'worker']) {
      const settings = { ...common, WAFFO_ROLE: role, WAFFO_ISO8583_MERCHANTS: merchants.outside.merchantId };
      const gateway = await startChildGateway(folder.path, settings);
      gateways.push(gateway);
      endings.push(gateway.stop);
    }
    const shops = [];
    for (const as of [merchants.ordinary, merchants.outside]) {
      const receiver = await startReceiver({ privateKey: parsePrivateKey(as.merchantPrivateKey) });
      endings.push(receiver.stop);
      shops.push({ as, receiver });
    }
    const urls = gateways.slice(0, 2).map(({ url }) => url);
    const load = startFailoverLoad({ urls, shops, clientsOfEach });
    const receivers = shops.map(({ receiver }) => receiver);
    const scene: Scene = { pair, address, gateways, receivers, host, load };
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

/** The first start on a home makes two merchants; one of them shall take an acquirer outside. */
async function merchantsOf(home: string, settings: Record<string, string>) {
  const { sandbox, stop } = await startChildGateway(home, settings);
  await stop();
  return { ordinary: sandbox, outside: sandbox.pci };
}

const receivedBy = (receivers: readonly Receiver[]) => receivers.flatMap(({ received }) => received);

/** @returns the time until each gateway worked again, in milliseconds */
async function failOver(scene: Scene, round: number, say: (line: string) => void): Promise<number> {
  const { pair, address, load } = scene;
  const before = await prepareLoss(pair, round);
  await pair.killPrimary();
  const acknowledged = countOf(load.acknowledged);
  const killedAt = performance.now();
  await address.begin();
  await pair.promote();
  address.leadTo(pair.url());
  await address.end();
  const movedAt = performance.now();
  const times = await recovery(scene, movedAt);
  const ms = (value: number) => `${Math.round(value)} ms`;
  say(
    `round ${round}: primary killed${before}, after ${acknowledged} acknowledged effects; ` +
      `promoted in ${ms(movedAt - killedAt)}; api, api, worker at work again after ${times.map(ms).join(', ')}`,
  );
  return Math.max(...times);
}

/** @returns what was done to the standby, in words */
async function prepareLoss(pair: StandbyPair, round: number): Promise<string> {
  if (round % 2 !== 0) return '';
  await pair.cutStandbyOff();
  await sleep(cutOffMs);
  const story = `, its standby cut off ${cutOffMs} ms before`;
  if (round % 4 !== 0) return story;
  const cancelled = await pair.cancelWaitingCommits();
  await sleep(cutOffMs);
  return `${story} and ${cancelled} waiting commits cancelled`;
}

/** Each api has worked again when it has taken a payment, the worker when it has told of one that was taken afterwards. */
async function recovery({ load, receivers, gateways }: Scene, movedAt: number): Promise<number[]> {
  const paidSince = () => load.paid.filter(({ at }) => at > movedAt);
  const apis = gateways.slice(0, -1).map((_, at) => () => paidSince().find(({ gateway }) => gateway === at)?.at);
  const worker = () => {
    const since = new Set(paidSince().map(({ paymentRequestId }) => paymentRequestId));
    return receivedBy(receivers).some(({ event }) => since.has(event.result.paymentRequestId))
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
  const { pair, gateways, receivers, host, load } = scene;
  const { tokens, removed, orders, refunds } = load.acknowledged;
  const database = await openDatabase({ url: pair.url(), poolSize: 2 });
  try {
    say('the load has ended; what was under way when a primary was lost comes to its end');
    const open = await settle(database);
    const received = receivedBy(receivers);
    const hostSaw = (type: string) => host.received.filter(({ mti }) => mti === type).length;
    return {
      version: pair.version,
      tokens: tokens.size,
      removed: removed.size,
      orders: orders.size,
      refunds: refunds.size,
      repeated: load.repeated(),
      notifications: new Set(received.map(({ headers }) => headers['webhook-id'])).size,
      hostMoved: hostSaw('0200'),
      hostReversed: hostSaw('0400'),
      slowestMs,
      lost: await lossesOf(database, load.acknowledged, received),
      wrong: [
        ...load.refused,
        ...open,
        ...(await faultsOf(database, received, host)),
        ...gateways.flatMap(({ process }, at) => (process.exitCode === null ? [] : [`gateway ${at + 1} has ended`])),
      ],
    };
  } finally {
    await database.close();
  }
}
