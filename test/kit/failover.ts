/**
 * The database's machine is lost under load, again and again, and its synchronous standby takes over; the gateways are the
 * same processes all the time. Then a judge looks for everything that was acknowledged, and for anything that was done twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { type ChildGateway, endedAmong, startChildGateway, startChildGateways } from './child-gateway.ts';
import { faultsOf, lossesOf, openForJudge, settle, settleAtOnce } from './failover-judge.ts';
import { type Acknowledged, type FailoverLoad, startFailoverLoad } from './failover-load.ts';
import { recoveryOf } from './failover-recovery.ts';
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
  /** What is open when the load ends comes to its end at once, for another gateway; else for the same, in its time. */
  readonly hurried?: boolean;
  readonly say?: (line: string) => void;
}

interface Scene {
  readonly settings: Readonly<Record<string, string>>;
  readonly pair: StandbyPair;
  readonly address: Outage;
  readonly gateways: readonly ChildGateway[];
  readonly receivers: readonly Receiver[];
  readonly host: IsoHost;
  readonly load: FailoverLoad;
}

const clientsOfEach = 6;
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
      // A machine that cannot keep up is another story.
      WAFFO_SHED_MS: '0',
      WAFFO_ISO8583_URL: `tcp://127.0.0.1:${host.port}`,
      WAFFO_ISO8583_TERMINAL: 'TERM01',
      WAFFO_ISO8583_ACCEPTOR: 'SHOP0001',
    };
    const merchants = await merchantsOf(folder.path, { ...common, WAFFO_ROLE: 'api' });
    const settings = { ...common, WAFFO_ISO8583_MERCHANTS: merchants.outside.merchantId };
    const roles = ['api', 'api', 'worker'].map((role) => ({ ...settings, WAFFO_ROLE: role }));
    const gateways = await startChildGateways(folder.path, roles);
    endings.push(...gateways.map(({ stop }) => stop));
    const shops = [];
    for (const as of [merchants.ordinary, merchants.outside]) {
      const receiver = await startReceiver({ privateKey: parsePrivateKey(as.merchantPrivateKey) });
      endings.push(receiver.stop);
      shops.push({ as, receiver });
    }
    const urls = gateways.slice(0, 2).map(({ url }) => url);
    const load = startFailoverLoad({ urls, shops, clientsOfEach });
    const receivers = shops.map(({ receiver }) => receiver);
    const scene: Scene = {
      settings: { ...settings, WAFFO_HOME: folder.path },
      pair,
      address,
      gateways,
      receivers,
      host,
      load,
    };
    const slowest: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      await sleep(1_500 + options.random() * 1_500);
      slowest.push(await failOver(scene, round, say));
      if (round < options.rounds) await pair.addStandby();
    }
    await sleep(1_000);
    await load.end();
    return await judge(scene, { ...options, slowestMs: Math.max(...slowest) });
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
  const times = await recoveryOf(scene, movedAt);
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

const countOf = ({ tokens, removed, orders, refunds }: Acknowledged): number =>
  tokens.size + removed.size + orders.size + refunds.size;

async function judge(
  scene: Scene,
  { slowestMs, hurried = false, say = () => {} }: Options & { readonly slowestMs: number },
): Promise<FailoverFigures> {
  const { settings, pair, gateways, receivers, host, load } = scene;
  const { tokens, removed, orders, refunds } = load.acknowledged;
  const ended = endedAmong(gateways);
  const database = await openForJudge(pair.url());
  try {
    say('the load has ended; what was under way when a primary was lost comes to its end');
    const open = hurried ? await settleAtOnce(database, gateways, settings) : await settle(database);
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
      wrong: [...ended, ...load.refused, ...open, ...(await faultsOf(database, received, host))],
    };
  } finally {
    await database.close();
  }
}
