/**
 * P-3: one PostgreSQL dies under load, again and again, in each way that it can, and is started again; the gateways are the same
 * processes all the time. Then time passes, and a judge looks for everything that was acknowledged, and for anything that was
 * done twice.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import fc from 'fast-check';
import { accountFor } from '../../packages/gateway/src/storage/embedded-account.ts';
import { findBinaries } from '../../packages/gateway/src/storage/embedded-binaries.ts';
import { type ChildGateway, endedAmong, startChildGateway, startChildGateways } from './child-gateway.ts';
import { asOperator, type Cluster, end, killAtOnce, launch, makeDatabase, type Place, urlOf } from './cluster.ts';
import { initialise } from './debian-postgres.ts';
import { faultsOf, lossesOf, openForJudge, settle, settleAtOnce } from './failover-judge.ts';
import { type FailoverLoad, startFailoverLoad } from './failover-load.ts';
import { recoveryOf } from './failover-recovery.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { throwawayFolder } from './throwaway-folder.ts';

export interface DatabaseKillFigures {
  readonly rounds: number;
  /** Acknowledged: tokens, removals, orders and refunds. */
  readonly effects: number;
  readonly notifications: number;
  readonly codes: FailoverLoad['codes'];
  readonly repeated: number;
  /** Calls that a gateway, which was there all the time, left without an answer. */
  readonly unanswered: number;
  /** From the moment that the server accepted connections again until the last of the gateways worked. */
  readonly slowestRecoveryMs: number;
  /** Answers that were neither success nor C0001 nor E0001, or not signed. */
  readonly refused: readonly string[];
  /** Acknowledged, and not there or not as it was acknowledged. */
  readonly lost: readonly string[];
  /** Done twice, never told, open for ever, or otherwise not as it should be. */
  readonly wrong: readonly string[];
}

interface Options {
  readonly rounds: number;
  /** Makes the same moments again. */
  readonly seed: number;
  /** The server confirms what it has not written yet, which is what the judge must notice. */
  readonly forgetful?: boolean;
  /** What is open when the load ends comes to its end at once, for another gateway; else for the same, in its time. */
  readonly hurried?: boolean;
  readonly say?: (line: string) => void;
}

interface Scene {
  readonly settings: Readonly<Record<string, string>>;
  readonly server: Server;
  readonly gateways: readonly ChildGateway[];
  readonly receivers: readonly Receiver[];
  readonly load: FailoverLoad;
}

const clientsOfEach = 3;
const mostLaunches = 10;

const deaths = [
  { name: 'killed with all its processes', die: killAtOnce },
  { name: 'stopped at once', die: ({ process }: Cluster) => end(process, 'SIGQUIT') },
  { name: 'restarted', die: ({ process }: Cluster) => end(process, 'SIGINT') },
];

const momentsOf = fc.record({
  /** The load that goes before. */
  afterMs: fc.noBias(fc.nat(1_000)).map((ms) => 1_000 + ms),
  /** How long nobody starts the server again. */
  awayMs: fc.noBias(fc.nat(1_000)),
});

/** @throws Error when the server or a gateway does not start, or one does not work again within half a minute */
export async function killDatabases(options: Options): Promise<DatabaseKillFigures> {
  const { rounds, seed, forgetful = false, hurried = false, say = () => {} } = options;
  const folder = await throwawayFolder('waffo-kills-');
  const endings: (() => Promise<void>)[] = [folder.remove];
  try {
    const server = await startServer(folder.path, forgetful);
    endings.push(server.stop);
    const settings = {
      WAFFO_DATABASE_URL: server.url,
      WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
      WAFFO_LOG_LEVEL: 'error',
      // A machine that cannot keep up is another story.
      WAFFO_SHED_MS: '0',
    };
    const first = await startChildGateway(folder.path, { ...settings, WAFFO_ROLE: 'api' });
    endings.push(first.stop);
    const others = ['api', 'worker'].map((role) => ({ ...settings, WAFFO_ROLE: role }));
    const gateways = [first, ...(await startChildGateways(folder.path, others))];
    endings.push(...gateways.map(({ stop }) => stop));
    if (forgetful) await server.forget();
    const { sandbox } = first;
    const shops = [];
    for (const as of [sandbox, sandbox.pci]) {
      const receiver = await startReceiver({ privateKey: parsePrivateKey(as.merchantPrivateKey) });
      endings.push(receiver.stop);
      shops.push({ as, receiver });
    }
    const urls = gateways.slice(0, -1).map(({ url }) => url);
    const load = startFailoverLoad({ urls, shops, clientsOfEach });
    const receivers = shops.map(({ receiver }) => receiver);
    const scene = { settings: { ...settings, WAFFO_HOME: folder.path }, server, gateways, receivers, load };
    const recoveries: number[] = [];
    for (const [at, moment] of fc.sample(momentsOf, { seed, numRuns: rounds }).entries()) {
      recoveries.push(await killOnce(scene, at, moment, say));
    }
    await sleep(1_000);
    await load.end();
    return { rounds, slowestRecoveryMs: Math.max(...recoveries), ...(await judge(scene, hurried)) };
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

/** @returns the time until each gateway worked again, in milliseconds */
async function killOnce(
  scene: Scene,
  at: number,
  { afterMs, awayMs }: { readonly afterMs: number; readonly awayMs: number },
  say: (line: string) => void,
): Promise<number> {
  const death = deaths[at % deaths.length] as (typeof deaths)[number];
  await sleep(afterMs);
  const diesAt = performance.now();
  await scene.server.die(death.die);
  await sleep(awayMs);
  await scene.server.start();
  const backAt = performance.now();
  const times = await recoveryOf(scene, backAt);
  const ms = (value: number) => `${Math.round(value)} ms`;
  say(
    `round ${at + 1}: ${death.name}, away for ${ms(backAt - diesAt)}, after ${effectsOf(scene.load)} acknowledged effects; ` +
      `api, api, worker at work again after ${times.map(ms).join(', ')}`,
  );
  return Math.max(...times);
}

const effectsOf = ({ acknowledged: { tokens, removed, orders, refunds } }: FailoverLoad): number =>
  tokens.size + removed.size + orders.size + refunds.size;

/** Waits until what a death left open comes to its end, and reads the books. */
async function judge(
  scene: Scene,
  isHurried: boolean,
): Promise<Omit<DatabaseKillFigures, 'rounds' | 'slowestRecoveryMs'>> {
  const { settings, server, gateways, receivers, load } = scene;
  const ended = endedAmong(gateways);
  await server.remember();
  const database = await openForJudge(server.url);
  try {
    const open = isHurried ? await settleAtOnce(database, gateways, settings) : await settle(database);
    const received = receivers.flatMap((receiver) => receiver.received);
    return {
      effects: effectsOf(load),
      notifications: new Set(received.map(({ headers }) => headers['webhook-id'])).size,
      codes: load.codes,
      repeated: load.repeated(),
      unanswered: load.unanswered(),
      lost: await lossesOf(database, load.acknowledged, received),
      refused: [...load.refused, ...gateways.flatMap(failuresIn)],
      wrong: [...ended, ...open, ...(await faultsOf(database, received))],
    };
  } finally {
    await database.close();
  }
}

/** What a gateway did not expect of a database that is away, in its own words. */
const failuresIn = ({ output }: ChildGateway): string[] =>
  output()
    .split('\n')
    .filter((line) => line.includes('"failed"'));

interface Server {
  readonly url: string;
  die(how: (cluster: Cluster) => Promise<void>): Promise<void>;
  /** Resolves when it accepts connections. */
  start(): Promise<void>;
  /** Starts it again, and from now on it confirms commits before it writes them down. */
  forget(): Promise<void>;
  /** No longer. */
  remember(): Promise<void>;
  stop(): Promise<void>;
}

/** @param forgetful - what it confirms stays in its memory for seconds, once it forgets */
async function startServer(folder: string, forgetful: boolean): Promise<Server> {
  const dataFolder = join(folder, 'data-1');
  const binaries = await findBinaries(join(folder, 'libraries'));
  const account = await accountFor(dataFolder, binaries);
  const place: Place = { folder, binaries, account, password: await initialise(dataFolder, binaries, account) };
  const settings = {
    max_connections: '60',
    ...(forgetful && { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' }),
  };
  let cluster = await launch(place, dataFolder, settings);
  await makeDatabase(place, cluster);
  const alter = (name: string, text: string) =>
    asOperator(place, cluster, async ({ rows }) => void (await rows({ name, text })));
  const start = async () => {
    for (let tries = 1; ; tries++) {
      try {
        cluster = await launch(place, dataFolder, settings);
        return;
      } catch (error) {
        // Children of a killed server hold its memory for a moment.
        if (tries === mostLaunches) throw error;
        await sleep(50);
      }
    }
  };
  return {
    url: urlOf(place, cluster, 'gateway', 'waffo'),
    die: (how) => how(cluster),
    start,
    async forget() {
      await alter('test/forget', 'alter database waffo set synchronous_commit = off');
      // Connections that are open go on as they were.
      await end(cluster.process, 'SIGINT');
      await start();
    },
    remember: () => alter('test/remember', 'alter database waffo reset synchronous_commit'),
    stop: () => end(cluster.process, 'SIGQUIT'),
  };
}
