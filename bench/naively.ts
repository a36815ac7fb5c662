/** Measures the naive server as the gateway is measured. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '../packages/gateway/src/storage/embedded.ts';
import { type Bench, middleOf, type Result, sendWarm } from './measure.ts';
import { sameRefusal } from './scenarios.ts';

const name = 'one write, naively';

/** @returns what it does on a database of its own */
export async function naively(bench: Bench): Promise<Result> {
  const server = await startEmbedded({ dataFolder: join(bench.folder, 'naive', 'postgres') });
  const child = fork(fileURLToPath(new URL('naive.ts', import.meta.url)), [server.url], { execArgv: process.execArgv });
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const sent = { ...(await sameRefusal(bench)), port, status: 200 };
    return middleOf(await sendWarm(bench, sent, name));
  } finally {
    child.kill('SIGKILL');
    await server.stop();
  }
}
