/**
 * P-5: gateways in processes of their own on one PostgreSQL, each on a road that falls silent again and again, while
 * merchants pay and take back. Then the roads are mended, time passes, and everything that anybody was told is held against the
 * books.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import fc from 'fast-check';
import { startApp } from '../../packages/gateway/src/app.ts';
import { VirtualClock } from '../../packages/gateway/src/clock.ts';
import { configFrom } from '../../packages/gateway/src/config.ts';
import { startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { type ChildGateway, startChildGateway } from './child-gateway.ts';
import { faultsOfLedger } from './ledger.ts';
import { type Outage, startOutage } from './outage.ts';
import { passTime } from './patience.ts';
import { startPayers } from './payers.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { throwawayFolder } from './throwaway-folder.ts';

export interface PartitionFigures {
  readonly partitions: number;
  /** How long they were, together. */
  readonly silentMs: number;
  readonly orders: number;
  /** What was answered, by code. */
  readonly codes: Readonly<Record<string, { readonly count: number; readonly slowestMs: number }>>;
  /** Answers whose signature does not fit, and calls without one. */
  readonly unsigned: number;
  /** From the end of a silence to the first payment by that gateway. */
  readonly slowestRecoveryMs: number;
  /** Orders whose outcome their caller never learned while it called. */
  readonly unknown: number;
  /** Of those, the ones that are still open after time has passed. */
  readonly unresolved: number;
  /** Payments that a caller was told of and the database does not hold. */
  readonly lost: number;
  /** Orders that were charged more than once. */
  readonly duplicates: number;
  /** Ended orders that nobody was notified of. */
  readonly untold: number;
  readonly ledgerFaults: readonly string[];
}

/** One silence on the road of one gateway. */
const partitionOf = (longestMs: number) =>
  fc.record({
    direction: fc.constantFrom('both', 'to the database', 'from the database'),
    /** As many between a fifth of a second and two as between two and twenty. */
    ms: fc.noBias(fc.nat(1_000)).map((x) => Math.round(200 * (longestMs / 200) ** (x / 1_000))),
    /** It begins as a commit passes. */
    inCommit: fc.boolean(),
    pauseMs: fc.noBias(fc.nat(200)),
  });

/**
 * @param options.partitions - how many, over all gateways
 * @param options.longestMs - they last from 0.2 s to this
 * @param options.seed - makes the same silences again
 * @param options.progress - told how many are over
 */
export async function livePartitions(options: {
  readonly partitions: number;
  readonly longestMs: number;
  readonly gateways: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}): Promise<PartitionFigures> {
  const { gateways, seed, longestMs, progress = () => {} } = options;
  const folder = await throwawayFolder('waffo-partitions-');
  const server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
  const keys: Parameters<typeof startReceiver>[0] = {};
  const receiver = await startReceiver(keys);
  const lanes: { readonly outage: Outage; readonly child: ChildGateway }[] = [];
  try {
    const open = async () => {
      const outage = await startOutage(server.url);
      lanes.push({ outage, child: await startChildGateway(folder.path, { ...settingsOf(outage.url), ...shared }) });
    };
    // The first makes what they share.
    await open();
    await Promise.all(Array.from({ length: gateways - 1 }, open));
    const { sandbox } = (lanes[0] as (typeof lanes)[number]).child;
    keys.privateKey = parsePrivateKey(sandbox.pci.merchantPrivateKey);
    const silences = fc.sample(partitionOf(longestMs), { seed, numRuns: options.partitions });
    const payers = startPayers(
      sandbox.pci,
      lanes.map(({ child }) => child.url),
      receiver.url,
    );
    let done = 0;
    const recoveries: number[] = [];
    await Promise.all(
      lanes.map(async ({ outage }, lane) => {
        // A merchant that was never seen is answered with the signature of the system.
        await payers.nextSuccess(lane);
        for (const silence of silences.filter((_, at) => at % gateways === lane)) {
          if (silence.inCommit) outage.fallSilentInCommit(silence.direction);
          else outage.fallSilent(silence.direction);
          await sleep(silence.ms);
          await outage.end();
          recoveries.push(await payers.nextSuccess(lane));
          progress(++done);
          await sleep(silence.pauseMs);
        }
      }),
    );
    const told = await payers.end();
    await Promise.all(lanes.map(({ child }) => child.stop()));
    const judged = await judge({ home: folder.path, url: server.url, receiver }, told);
    return {
      partitions: done,
      silentMs: silences.reduce((sum, { ms }) => sum + ms, 0),
      ...told.figures,
      slowestRecoveryMs: Math.max(...recoveries),
      ...judged,
    };
  } finally {
    await Promise.all(
      lanes.map(({ outage, child }) =>
        outage
          .end()
          .then(() => child.stop())
          .then(outage.stop),
      ),
    );
    await receiver.stop();
    await server.stop();
    await folder.remove();
  }
}

const settingsOf = (url: string) => ({
  WAFFO_DATABASE_URL: url,
  WAFFO_LOG_LEVEL: 'error',
  WAFFO_DATABASE_CONNECTIONS: '6',
});

/** What processes that stand beside each other have in common. */
const shared = { WAFFO_PUBLIC_URL: 'http://127.0.0.1:1' };

type Told = Awaited<ReturnType<ReturnType<typeof startPayers>['end']>>;

/** Lets time pass for a gateway on a road that carries, asks about what was left unknown, and reads the books. */
async function judge(place: { home: string; url: string; receiver: Receiver }, told: Told) {
  const clock = new VirtualClock(new Date());
  const config = configFrom({ ...settingsOf(place.url), WAFFO_HOME: place.home, WAFFO_PORT: '0' });
  const app = await startApp(config, { clock });
  const database = await openDatabase({ url: place.url, poolSize: 1 });
  try {
    await passTime(app, clock, 10 * 60_000);
    const unresolved = await told.askAgain(app.url);
    await passTime(app, clock, 60_000);
    const rows = <Row>(name: string, text: string, values: unknown[] = []) =>
      database.rows<Row>({ name: `test/${name}`, text }, values);
    const lost = await rows(
      'lost',
      `select told from unnest($1::text[]) as told
       where not exists (select from payment_order where payment_request_id = told and captured_minor > 0)`,
      [told.paid],
    );
    const duplicates = await rows(
      'twice',
      `select a.subject_id from payment_attempt a join sandbox_transaction s on s.reference = a.attempt_id::text
       where s.verb = 'purchase' and s.outcome->>'kind' = 'approved' group by 1 having count(*) > 1`,
    );
    const ended = await rows<{ id: string }>(
      'ended',
      `select payment_request_id as id from payment_order where status in ('PAY_SUCCESS', 'ORDER_CLOSE')`,
    );
    const events = place.receiver.events('PAYMENT_NOTIFICATION');
    const notified = new Set(events.map(({ result }) => result.paymentRequestId));
    return {
      unresolved,
      lost: lost.length,
      duplicates: duplicates.length,
      untold: ended.filter(({ id }) => !notified.has(id)).length,
      ledgerFaults: await faultsOfLedger(database),
    };
  } finally {
    await database.close();
    await app.stop();
  }
}
