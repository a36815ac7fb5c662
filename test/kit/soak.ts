/**
 * A gateway under an even load for a long time: does it need more and more? Its memory is read after the first third, as the least
 * of each half-minute: what is left when the garbage was collected.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { startChildGateway } from './child-gateway.ts';
import { faultsOf, lossesOf, openForJudge, settle } from './failover-judge.ts';
import { startFailoverLoad } from './failover-load.ts';
import { startReceiver } from './receiver.ts';
import { throwawayFolder } from './throwaway-folder.ts';

const lookEveryMs = 2_000;
const windowMs = 30_000;
const clientsOfEach = 2;
const hourMs = 3_600_000;

interface Look {
  readonly atMs: number;
  readonly bytes: number;
  readonly descriptors: number;
}

export interface Growth {
  /** Of the resident memory, bytes per hour, by the median of the slopes between any two windows. */
  readonly bytesPerHour: number;
  /** By how much the windows of the first half differ, which no shorter run can tell from growth. */
  readonly swing: number;
  /** By which it grew from the first window to the last, on that slope. */
  readonly grown: number;
  /** Bytes per hour that a leak must have to grow by more than the swing in this time. */
  readonly smallestPerHour: number;
  readonly descriptors: { readonly first: number; readonly last: number };
}

/** Pure. @param looks - after the warm-up, in order */
export function growthOf(looks: readonly Look[]): Growth {
  const windows = new Map<number, Look[]>();
  for (const look of looks) {
    const at = Math.floor(look.atMs / windowMs);
    windows.set(at, [...(windows.get(at) ?? []), look]);
  }
  const least = [...windows].map(([at, all]) => ({
    atMs: at * windowMs,
    bytes: Math.min(...all.map(({ bytes }) => bytes)),
    descriptors: Math.min(...all.map(({ descriptors }) => descriptors)),
  }));
  const [first, last] = [least[0], least.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new Error('too short a time to tell growth');
  const slopes = least
    .flatMap((a, at) => least.slice(at + 1).map((b) => (b.bytes - a.bytes) / (b.atMs - a.atMs)))
    .sort((a, b) => a - b);
  const slope = slopes[Math.floor(slopes.length / 2)] as number;
  const early = least.slice(0, Math.ceil(least.length / 2)).map(({ bytes }) => bytes);
  const swing = Math.max(...early) - Math.min(...early);
  const ms = last.atMs - first.atMs;
  return {
    bytesPerHour: slope * hourMs,
    swing,
    grown: slope * ms,
    smallestPerHour: (swing / ms) * hourMs,
    descriptors: { first: first.descriptors, last: last.descriptors },
  };
}

/** @throws Error when the gateway does not start, or without `/proc` */
export async function soak({ minutes, update }: { readonly minutes: number; update(seconds: number): void }) {
  const folder = await throwawayFolder('waffo-soak-');
  const endings: (() => Promise<void>)[] = [folder.remove];
  try {
    const server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
    endings.push(server.stop);
    const gateway = await startChildGateway(folder.path, {
      WAFFO_DATABASE_URL: server.url,
      WAFFO_LOG_LEVEL: 'error',
      WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
    });
    endings.push(gateway.stop);
    const as = gateway.sandbox;
    const receiver = await startReceiver({ privateKey: parsePrivateKey(as.merchantPrivateKey) });
    endings.push(receiver.stop);
    const load = startFailoverLoad({ urls: [gateway.url], shops: [{ as, receiver }], clientsOfEach });
    const looks = await watch(gateway.process.pid ?? 0, minutes, update);
    await load.end();
    const database = await openForJudge(server.url);
    endings.push(() => database.close());
    const open = await settle(database);
    return {
      growth: growthOf(looks.filter(({ atMs }) => atMs >= (minutes * 60_000) / 3)),
      largest: Math.max(...looks.map(({ bytes }) => bytes)),
      orders: load.acknowledged.orders.size,
      repeated: load.repeated(),
      wrong: [
        ...load.refused,
        ...open,
        ...(await lossesOf(database, load.acknowledged, receiver.received)),
        ...(await faultsOf(database, receiver.received)),
      ],
    };
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

async function watch(pid: number, minutes: number, update: (seconds: number) => void): Promise<Look[]> {
  const looks: Look[] = [];
  const since = performance.now();
  for (let atMs = 0; atMs < minutes * 60_000; atMs = performance.now() - since) {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(status) ?? [];
    if (kilobytes === undefined) throw new Error('the gateway has ended');
    looks.push({ atMs, bytes: Number(kilobytes) * 1024, descriptors: (await readdir(`/proc/${pid}/fd`)).length });
    update(Math.floor(atMs / 1_000));
    await sleep(lookEveryMs);
  }
  return looks;
}
