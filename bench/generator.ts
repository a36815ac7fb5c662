/**
 * The load generator, in a process of its own: sends requests that were signed beforehand, over raw sockets, and takes the
 * time of each. Closed loop: each connection sends its next request when it has its answer. Open loop: requests are due at a
 * steady rate, and their time counts from then, so that no waiting is hidden. A run goes over the same connections:
 * first to get warm, then once for each round that is measured.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Connection, openConnection } from './connection.ts';

export interface Load {
  readonly port: number;
  /** File of requests: each as four bytes of length and then the bytes of HTTP. Each part goes on where the one before ended. */
  readonly corpus: string;
  readonly connections: number;
  /** Requests a second in the open loop; absent: the closed loop. */
  readonly rate?: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Whether the corpus begins again at its end. */
  readonly repeats: boolean;
  /** The status that every answer must have. */
  readonly status: number;
}

export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers of another status, without a signature, or without an end; those to the parts before as well. */
  readonly bad: number;
  /** There was nothing left to send before the time was over. */
  readonly usedUp: boolean;
  /** Processor time of the generator itself, in ms. */
  readonly cpuMs: number;
  /** Some answers so far, to verify: body and signature. */
  readonly samples: readonly (readonly [string, string])[];
}

/**
 * Runs a load in a child process.
 *
 * @param rounds - how often it is measured, one time after the other
 * @param around.before - done before each round, while nothing is sent
 * @param around.after - told of each round when it is over; while it takes, nothing is sent either
 */
export async function run(
  load: Load,
  rounds: number,
  around: { before(): Promise<void>; after(measured: Measured): Promise<void> },
): Promise<void> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['generate'], { execArgv: process.execArgv });
  const broken = new Promise<never>((_resolve, reject) => {
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error(`the load generator ended with code ${code}`));
    });
  });
  broken.catch(() => {});
  const told = (): Promise<unknown> => Promise.race([once(child, 'message').then(([message]) => message), broken]);
  child.send(load);
  await told();
  try {
    for (let round = 0; round < rounds; round++) {
      await around.before();
      child.send('measure');
      await around.after((await told()) as Measured);
    }
  } finally {
    child.send('end');
  }
}

const sampleEvery = 97;

function read(corpus: string): Buffer[] {
  const bytes = readFileSync(corpus);
  const requests: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    requests.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return requests;
}

type Sending = Pick<Load, 'rate' | 'repeats' | 'status'>;

/** Sends one part after the other; what is known of both is kept. */
export function sender(connections: readonly Connection[], requests: readonly Buffer[], sending: Sending) {
  const { rate, repeats, status } = sending;
  const seen = { bad: 0, usedUp: false, samples: [] as [string, string][] };
  let next = 0;

  /** @returns the time of each request in ms, and how many seconds all took */
  async function send(seconds: number): Promise<{ readonly times: number[]; readonly seconds: number }> {
    const times: number[] = [];
    const first = next;
    const startedAt = performance.now();
    const until = startedAt + seconds * 1_000;
    // In the open loop all that was due is sent, however late: the last ones are those that waited longest.
    const isOver =
      rate === undefined ? () => performance.now() >= until : () => next - first >= Math.ceil(rate * seconds);
    await Promise.all(
      connections.map(async ({ ask }) => {
        while (!isOver()) {
          if (next >= requests.length && !repeats) {
            seen.usedUp = true;
            return;
          }
          const number = next++;
          const dueAt = rate === undefined ? performance.now() : startedAt + ((number - first) * 1_000) / rate;
          const early = dueAt - performance.now();
          if (early > 1) await sleep(early);
          try {
            const answer = await ask(requests[number % requests.length] as Buffer);
            times.push(performance.now() - dueAt);
            if (answer.status !== status || answer.signature === '') seen.bad += 1;
            if (number % sampleEvery === 0) seen.samples.push([answer.body, answer.signature]);
          } catch {
            seen.bad += 1;
            return;
          }
        }
      }),
    );
    return { times, seconds: (performance.now() - startedAt) / 1_000 };
  }
  return { send, seen };
}

async function generate({ port, corpus, connections, warmUpSeconds, seconds, ...sending }: Load): Promise<void> {
  const requests = read(corpus);
  const opened = await Promise.all(Array.from({ length: connections }, () => openConnection(port)));
  const { send, seen } = sender(opened, requests, sending);
  await send(warmUpSeconds);
  process.send?.('warm');
  for (;;) {
    const [order] = await once(process, 'message');
    if (order !== 'measure') break;
    const cpuBefore = process.cpuUsage();
    const { times, seconds: took } = await send(seconds);
    const { user, system } = process.cpuUsage(cpuBefore);
    times.sort((a, b) => a - b);
    const percentile = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
    const cpuMs = (user + system) / 1_000;
    process.send?.({
      requests: times.length,
      seconds: took,
      p50: percentile(0.5),
      p99: percentile(0.99),
      cpuMs,
      ...seen,
    });
  }
  for (const connection of opened) connection.end();
}

if (process.argv[2] === 'generate' && process.send !== undefined) {
  process.once('message', async (load) => {
    await generate(load as Load);
    process.disconnect();
  });
}
