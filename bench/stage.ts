/** What is measured, ready: a gateway, the PostgreSQL it works on, a merchant's endpoint, and tokens to pay with. */
import { join } from 'node:path';
import type { Database } from '../packages/gateway/src/storage/database.ts';
import { startEmbedded } from '../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../packages/gateway/src/storage/postgres.ts';
import { ceiling, cores } from './ceiling.ts';
import { startGateway } from './gateway.ts';
import type { Bench } from './measure.ts';
import { openPaces } from './paces.ts';
import { say } from './progress.ts';
import { type BenchReceiver, startReceiver } from './receiver.ts';
import * as scenarios from './scenarios.ts';

export interface Stage {
  readonly bench: Bench;
  readonly tokens: readonly string[];
  /** Signatures a second. */
  readonly limit: number;
  /** Of the gateway's process, for another one beside it. */
  readonly settings: Record<string, string>;
  readonly database: Database;
  readonly receiver: BenchReceiver;
}

/** How it shall be measured. */
export type Wish = Pick<Bench, 'warmUpSeconds' | 'seconds' | 'rounds' | 'connections'>;

const tokensToPayWith = 200;

/**
 * @param folder - for all files
 * @param undo - gets what must be done at the end, the last first
 * @param root - another checkout, when it shall be another version
 * @param others - settings of the gateway that are not usual
 */
export async function setStage(
  folder: string,
  wish: Wish,
  undo: (() => Promise<unknown>)[],
  root?: string,
  others: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const server = await startEmbedded({ dataFolder: join(folder, 'postgres') });
  undo.push(server.stop);
  const settings = {
    WAFFO_DATABASE_URL: server.url,
    WAFFO_PUBLIC_URL: 'http://127.0.0.1:1',
    // Sessions that nobody uses outlive the run: their ends are not measured with the notifications.
    WAFFO_SESSION_MINUTES: '1440',
    ...others,
  };
  const setUp = await startGateway(folder, settings, root);
  const receiver = await startReceiver(setUp.sandbox.merchantPrivateKey);
  undo.push(receiver.stop);
  await setUp.stop();
  // The second start is the one that counts: the schema is there.
  const gateway = await startGateway(folder, { ...settings, WAFFO_ROLE: 'api' }, root);
  undo.push(() => gateway.stop());
  const database = await openDatabase({ url: server.url });
  undo.push(() => database.close());
  const limit = await ceiling();
  say(`\n  This machine signs ${limit.toFixed(0)} times a second with RSA-2048 on ${cores} cores.\n`);
  const places = { folder, gateway, postmaster: server.pid() ?? 0, notifyUrl: receiver.url };
  const bench = { ...wish, ...places, paces: openPaces(limit), tidy: () => tidy(database) };
  const tokens = await scenarios.bindTokens(bench, tokensToPayWith);
  await scenarios.payOrders(bench, tokens, 2 * tokensToPayWith);
  return { bench, tokens, limit, settings, database, receiver };
}

/** What the server does by itself within minutes, and what would else fall into one measurement and not into another. */
async function tidy(database: Database): Promise<void> {
  await database.rows({ name: 'bench/vacuum', text: 'vacuum (analyze)' });
}
