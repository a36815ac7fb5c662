/**
 * Two versions of the gateway on one PostgreSQL, as in an upgrade: the older one works, the schema is brought forward under it by
 * the newer one's command, both work side by side, and the older one goes. Then a judge looks for everything that was acknowledged.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parsePrivateKey } from '@waffo/protocol/signature';
import { startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { builtMain, startChildGateway } from './child-gateway.ts';
import { faultsOf, lossesOf, settle } from './failover-judge.ts';
import { startFailoverLoad } from './failover-load.ts';
import { startReceiver } from './receiver.ts';
import { throwawayFolder } from './throwaway-folder.ts';

const run = promisify(execFile);
const clientsOfEach = 3;

export interface UpgradeFigures {
  /** What `waffo migrate` said. */
  readonly migrated: string;
  /** Orders that each version took while both did. */
  readonly sideBySide: { readonly older: number; readonly newer: number };
  readonly effects: number;
  /** Calls that were not answered at the first time. */
  readonly repeated: number;
  /** Acknowledged, and not there or not as it was acknowledged. */
  readonly lost: readonly string[];
  /** Done twice, never told, or otherwise not as it should be. */
  readonly wrong: readonly string[];
}

/**
 * @param options.olderRoot - a checkout of the older version with its packages installed
 * @param options.phaseMs - how long the older one works alone, both together, and the newer one alone
 * @throws Error when a server or a gateway does not start, or the command to migrate fails
 */
export async function rehearseUpgrade(options: {
  readonly olderRoot: string;
  readonly phaseMs: number;
  readonly say: (line: string) => void;
}): Promise<UpgradeFigures> {
  const { olderRoot, phaseMs, say } = options;
  const folder = await throwawayFolder('waffo-upgrade-');
  const endings: (() => Promise<void>)[] = [folder.remove];
  try {
    const server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
    endings.push(server.stop);
    const settings = {
      WAFFO_DATABASE_URL: server.url,
      WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
      WAFFO_LOG_LEVEL: 'error',
    };
    const start = async (role: 'api' | 'worker', olderRoot?: string) => {
      const gateway = await startChildGateway(folder.path, { ...settings, WAFFO_ROLE: role }, { olderRoot });
      endings.push(gateway.stop);
      return gateway;
    };
    const older = [await start('api', olderRoot), await start('worker', olderRoot)] as const;
    const as = older[0].sandbox;
    const receiver = await startReceiver({ privateKey: parsePrivateKey(as.merchantPrivateKey) });
    endings.push(receiver.stop);

    const urls = [older[0].url];
    const load = startFailoverLoad({ urls, shops: [{ as, receiver }], clientsOfEach });
    await sleep(phaseMs);
    say(`the older version took ${load.paid.length} orders; now the schema is brought forward under it`);
    const migrated = await migrate(folder.path, settings);
    const newer = [await start('api'), await start('worker')] as const;
    urls.push(newer[0].url);
    const before = load.paid.length;
    await sleep(phaseMs);
    const together = load.paid.slice(before);
    urls.shift();
    await Promise.all(older.map((gateway) => gateway.stop()));
    say('the older version has gone');
    await sleep(phaseMs);
    await load.end();

    const database = await openDatabase({ url: server.url, poolSize: 2 });
    endings.push(() => database.close());
    const open = await settle(database);
    const { tokens, removed, orders, refunds } = load.acknowledged;
    return {
      migrated,
      sideBySide: {
        older: together.filter(({ gateway }) => gateway === 0).length,
        newer: together.filter(({ gateway }) => gateway === 1).length,
      },
      effects: tokens.size + removed.size + orders.size + refunds.size,
      repeated: load.repeated(),
      lost: await lossesOf(database, load.acknowledged, receiver.received),
      wrong: [...load.refused, ...open, ...(await faultsOf(database, receiver.received))],
    };
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

/** With the newer version's command, as an operator does. */
async function migrate(home: string, settings: Record<string, string>): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', WAFFO_HOME: home, ...settings };
  const { stdout } = await run(process.execPath, [builtMain, 'migrate'], { cwd: home, env });
  return stdout.trim();
}
