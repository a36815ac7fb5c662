/** Measures the naive server as the gateway is measured. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '../packages/gateway/src/storage/embedded.ts';
import { ceiling } from './ceiling.ts';
import { run } from './generator.ts';
import { type Bench, Flawed, type Result, refusals } from './scenarios.ts';

/** @returns what it does on a database of its own */
export async function naively(bench: Bench): Promise<Result> {
  const server = await startEmbedded({ dataFolder: join(bench.folder, 'naive', 'postgres') });
  const child = fork(fileURLToPath(new URL('naive.ts', import.meta.url)), [server.url], { execArgv: process.execArgv });
  try {
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const limit = await ceiling();
    const { seconds, connections } = bench;
    const load = { port, corpus: await refusals(bench), connections, seconds, repeats: true, status: 200 };
    const { requests, seconds: took, p50, p99, bad, cpuMs } = await run(load);
    if (bad > 0) throw new Flawed(`naive: ${bad} bad answers`);
    const requestsPerSecond = requests / took;
    const cpu = { generator: (cpuMs * 1_000) / requests };
    return {
      name: 'one write, naively',
      requestsPerSecond,
      ratio: requestsPerSecond / limit,
      p50,
      p99,
      cpu,
      connections,
    };
  } finally {
    child.kill('SIGKILL');
    await server.stop();
  }
}
