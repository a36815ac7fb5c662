/**
 * The load generator, in a process of its own: sends requests that were signed beforehand, over raw sockets, and takes the
 * time of each. Closed loop: each connection sends its next request when it has its answer. Open loop: requests are due at a
 * steady rate, and their time counts from then, so that no waiting is hidden.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Load {
  readonly port: number;
  /** File of requests: each as four bytes of length and then the bytes of HTTP. */
  readonly corpus: string;
  readonly connections: number;
  /** Requests a second in the open loop; absent: the closed loop. */
  readonly rate?: number;
  /** Ends after so long, or with the corpus unless it may repeat. */
  readonly seconds: number;
  readonly repeats: boolean;
  /** The status that every answer must have. */
  readonly status: number;
}

export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers of another status, without a signature, or without an end. */
  readonly bad: number;
  /** Processor time of the generator itself, in ms. */
  readonly cpuMs: number;
  /** Some answers, to verify: body and signature. */
  readonly samples: readonly (readonly [string, string])[];
}

/** Runs a load in a child process and waits for its end. */
export async function run(load: Load): Promise<Measured> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['generate'], { execArgv: process.execArgv });
  child.send(load);
  // Either may come first: what it says and its end travel by different ways.
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`the load generator ended with code ${code}`);
  });
  const [[measured]] = await Promise.all([once(child, 'message'), ended]);
  return measured as Measured;
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

interface Answer {
  readonly status: number;
  readonly signature: string;
  readonly body: string;
}

/** One keep-alive connection, one request at a time. */
async function open(port: number): Promise<{ ask(request: Buffer): Promise<Answer>; end(): void }> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let text = '';
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (text.length < head + 4 + length) return;
    const signature = /x-signature: (\S+)/i.exec(text)?.[1] ?? '';
    const answer = { status: Number(text.slice(9, 12)), signature, body: text.slice(head + 4) };
    text = '';
    settle?.resolve(answer);
  });
  const broken = (): void => settle?.reject(new Error('the connection ended'));
  socket.on('error', broken);
  socket.on('close', broken);
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        socket.write(request);
      }),
    end: () => socket.destroy(),
  };
}

async function generate({ port, corpus, connections, rate, seconds, repeats, status }: Load): Promise<Measured> {
  const requests = read(corpus);
  const lines = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const times: number[] = [];
  const samples: [string, string][] = [];
  let next = 0;
  let bad = 0;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  await Promise.all(
    lines.map(async ({ ask }) => {
      while (performance.now() < until && (repeats || next < requests.length)) {
        const number = next++;
        const request = requests[number % requests.length] as Buffer;
        const dueAt = rate === undefined ? performance.now() : startedAt + (number * 1_000) / rate;
        const early = dueAt - performance.now();
        if (early > 1) await sleep(early);
        try {
          const answer = await ask(request);
          times.push(performance.now() - dueAt);
          if (answer.status !== status || answer.signature === '') bad += 1;
          if (number % sampleEvery === 0) samples.push([answer.body, answer.signature]);
        } catch {
          bad += 1;
          return;
        }
      }
    }),
  );
  const took = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const line of lines) line.end();
  times.sort((a, b) => a - b);
  const percentile = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  const cpuMs = (user + system) / 1_000;
  return { requests: times.length, seconds: took, p50: percentile(0.5), p99: percentile(0.99), bad, cpuMs, samples };
}

if (process.argv[2] === 'generate' && process.send !== undefined) {
  process.once('message', async (load) => {
    process.send?.(await generate(load as Load));
    process.disconnect();
  });
}
