/**
 * `npm run prove:flood`: a gateway in a process of its own, a merchant that calls it steadily, and a flood from callers who prove
 * nothing, five times as fast as the gateway can answer the merchant. Prints how long the merchant waited with and without the
 * flood, and fails when its slowest of a hundred waited more than twice as long. Wants a machine with nothing else to do:
 * the flood is made on it, too.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { refusalRates } from '../packages/gateway/src/config.ts';
import { newApiKey } from '../packages/gateway/src/id.ts';
import { startChildGateway } from '../test/kit/child-gateway.ts';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';

const rounds = 7;
const secondsOfRound = 3;
const path = '/order/inquiry';
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** @returns the status; 0 when no answer came */
function send(baseUrl: string, { headers, body }: Call): Promise<number> {
  return new Promise((resolve) => {
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': String(body.length) } };
    const call = request(`${baseUrl}${path}`, options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

/** Sends at a steady rate, whatever the answers take. @returns the waiting times in milliseconds, in order of size */
async function sendSteadily(baseUrl: string, perSecond: number, seconds: number, call: (n: number) => Call) {
  const waits: number[] = [];
  const underWay = new Set<Promise<unknown>>();
  const startedAt = performance.now();
  for (let n = 0; n < perSecond * seconds; n++) {
    const dueAt = startedAt + (n * 1_000) / perSecond;
    const early = dueAt - performance.now();
    if (early > 1) await sleep(early);
    // From when it was due: a sender that is late hides no waiting.
    const one = send(baseUrl, call(n)).then(() => waits.push(performance.now() - dueAt));
    underWay.add(one);
    one.finally(() => underWay.delete(one));
  }
  await Promise.all(underWay);
  return waits.sort((a, b) => a - b);
}

const json = { 'content-type': 'application/json' };

/** What callers send who prove nothing: no key, no real key, a made-up one, a wrong signature under a real one. */
function strangerOf(n: number, realKey: string): Call {
  const keys = [undefined, 'wk_test_nothing', newApiKey('test'), realKey];
  const key = keys[n % keys.length];
  return { headers: { ...json, ...(key && { 'x-api-key': key, 'x-signature': 'AAAA' }) }, body: Buffer.from('{}') };
}

async function capacityOf(baseUrl: string, call: Call): Promise<number> {
  const seconds = 4;
  let done = 0;
  const until = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (; performance.now() < until; done++) await send(baseUrl, call);
    }),
  );
  return done / seconds;
}

const percentile = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;

async function prove(): Promise<void> {
  const folder = await throwawayFolder('waffo-flood-');
  const gateway = await startChildGateway(folder.path, {
    WAFFO_LOG_LEVEL: 'error',
    WAFFO_REFUSAL_RATE: refusalRates.production,
  });
  try {
    const { baseUrl, apiKey, merchantPrivateKey } = gateway.sandbox;
    const body = Buffer.from(JSON.stringify({ paymentRequestId: 'nobody_paid' }));
    const signature = await sign(body, parsePrivateKey(merchantPrivateKey));
    const call = { headers: { ...json, 'x-api-key': apiKey, 'x-signature': signature }, body };
    const capacity = await capacityOf(baseUrl, call);
    const rate = Math.round(capacity / 5);
    process.stdout.write(`answers ${Math.round(capacity)} signed inquiries a second; the merchant sends ${rate}\n`);
    const ratios: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const quiet = percentile(await sendSteadily(baseUrl, rate, secondsOfRound, () => call), 0.99);
      const flood = await startFlood(baseUrl, capacity * 5, apiKey);
      // Its burst is over then.
      await sleep(3_000);
      const loud = percentile(await sendSteadily(baseUrl, rate, secondsOfRound, () => call), 0.99);
      const sent = await flood.end();
      ratios.push(loud / quiet);
      const facts = `p99 ${quiet.toFixed(1)} ms alone, ${loud.toFixed(1)} ms in a flood of ${sent} a second`;
      process.stdout.write(`round ${round}: ${facts}\n`);
    }
    const middle = percentile(
      ratios.sort((a, b) => a - b),
      0.5,
    );
    process.stdout.write(`the flood makes it ${middle.toFixed(2)} times as long\n`);
    if (middle > 2) process.exitCode = 1;
  } finally {
    await gateway.stop();
    await folder.remove();
    agent.destroy();
  }
}

async function startFlood(baseUrl: string, perSecond: number, realKey: string) {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [baseUrl, String(perSecond), realKey], {
    execArgv: process.execArgv,
  });
  await once(child, 'message');
  return {
    /** @returns how many a second were answered */
    async end(): Promise<number> {
      child.send('end');
      const [sent] = await once(child, 'message');
      await once(child, 'exit');
      return Math.round(Number(sent));
    },
  };
}

/** The flood, in a process of its own. */
async function flood(baseUrl: string, perSecond: number, realKey: string): Promise<void> {
  let ended = false;
  process.once('message', () => {
    ended = true;
  });
  let answered = 0;
  let n = 0;
  let underWay = 0;
  process.send?.('begun');
  const startedAt = performance.now();
  while (!ended) {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    for (; n < due; n++) {
      // What cannot be sent in time is dropped: the flood stays as fast as it was meant to be, or as it can be.
      if (underWay >= 256) continue;
      underWay += 1;
      void send(baseUrl, strangerOf(n, realKey)).then(() => {
        underWay -= 1;
        answered += 1;
      });
    }
    await sleep(2);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  process.send?.(answered / seconds);
  agent.destroy();
  process.disconnect();
}

const [url, perSecond, realKey] = process.argv.slice(2);
if (url !== undefined && perSecond !== undefined && realKey !== undefined) await flood(url, Number(perSecond), realKey);
else await prove();
