/** Measures a row: how fast a load is answered, what each answer cost, and its share of what this machine can sign. */
import { parsePublicKey, verify } from '@waffo/protocol/signature';
import { ceiling } from './ceiling.ts';
import type { BenchGateway } from './gateway.ts';
import { type Load, type Measured, run } from './generator.ts';
import { median, type Paces } from './paces.ts';
import { cpuMsOf } from './process-table.ts';
import { sayPhase, show } from './progress.ts';

/** One row of the results. */
export interface Result {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Of the RSA signatures that this machine made a second, taken right before and right after. */
  readonly ratio: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time for one request, in µs. */
  readonly cpu: { readonly gateway?: number; readonly database?: number; readonly generator: number };
  readonly connections: number;
}

export interface Bench {
  readonly folder: string;
  readonly gateway: BenchGateway;
  readonly postmaster: number;
  readonly notifyUrl: string;
  /** Before each measurement, of the same load. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** How often each row is measured after it got warm. */
  readonly rounds: number;
  readonly connections: number;
  readonly paces: Paces;
  /** Brings the database to rest, so that no row pays for the load before it. */
  tidy(): Promise<void>;
}

/** A run that is not flawless is no result. */
export class Flawed extends Error {
  override readonly name = 'Flawed';
}

/** There was nothing left to send before the time was over: the guess was wrong, and no answer. */
export class TooFew extends Flawed {}

/** What is sent: a corpus, and how it differs from what is usual. */
export type Sent = Pick<Load, 'corpus'> & Partial<Load>;

/** The port that a URL names. */
export const portOf = (url: string): number => Number(new URL(url).port);

/**
 * @param sent - made before: between the warm-up and the last round nothing is prepared
 * @returns the middle of all rounds, by its share of the limit, or in the open loop by its p99
 * @throws Flawed when an answer was not what it had to be or was not signed by the merchant's key, or there were too few requests
 */
export async function measure(bench: Bench, name: string, sent: Sent): Promise<Result> {
  await bench.tidy();
  const cpuNow = () => ({ gateway: cpuMsOf(bench.gateway.pid), database: cpuMsOf(bench.postmaster) });
  let before = cpuNow();
  const rounds = await sendWarm(bench, { port: portOf(bench.gateway.url), ...sent }, name, {
    begins: () => {
      before = cpuNow();
    },
    costOf(measured) {
      requireSigned(bench, name, measured);
      const after = cpuNow();
      const each = (process: keyof typeof after): number | undefined => {
        const [start, end] = [before[process], after[process]];
        return start === undefined || end === undefined ? undefined : ((end - start) * 1_000) / measured.requests;
      };
      const [gateway, database] = [each('gateway'), each('database')];
      return { ...(gateway !== undefined && { gateway }), ...(database !== undefined && { database }) };
    },
  });
  // How fast requests come is chosen in the open loop: what tells its rounds apart is how long they waited.
  return middleOf(rounds, sent.rate === undefined ? 'ratio' : 'p99');
}

/** What is known of a round besides what its load tells. */
interface Beside {
  begins(): void;
  costOf(measured: Measured): Partial<Result['cpu']>;
}

const nothingBeside: Beside = { begins: () => {}, costOf: () => ({}) };

/**
 * Warms up, and then measures, as often as there are rounds. While requests are prepared the gateway idles and V8 throws its
 * optimised code away: half of what would be measured then is its compiler. Machines are noisy, and the limit has to be of the same
 * moment as what it is compared with: it is the mean of what is signed in the second before a round and in the second after it. One
 * second of rest makes no code cold.
 */
export async function sendWarm(
  { connections, warmUpSeconds, seconds, rounds }: Pick<Bench, 'connections' | 'warmUpSeconds' | 'seconds' | 'rounds'>,
  sent: Sent & Pick<Load, 'port'>,
  name: string,
  beside: Beside = nothingBeside,
): Promise<Result[]> {
  const times = rounds === 1 ? '' : `${rounds} times `;
  sayPhase(`warming up for ${warmUpSeconds} s and measuring ${times}for ${seconds} s`);
  const load = { connections, warmUpSeconds, seconds, repeats: false, status: 200, ...sent };
  const results: Result[] = [];
  let limitBefore = Number.NaN;
  await run(load, rounds, {
    async before() {
      if (results.length === 0) limitBefore = await ceiling();
      beside.begins();
    },
    async after(measured) {
      const cost = beside.costOf(measured);
      requireFlawless(name, measured);
      const limitAfter = await ceiling();
      const limit = (limitBefore + limitAfter) / 2;
      limitBefore = limitAfter;
      const result = resultOf(name, measured, { limit, connections: load.connections });
      results.push({ ...result, cpu: { ...cost, ...result.cpu } });
      if (rounds > 1) show(result, `    round ${results.length} of ${rounds}`);
    },
  });
  return results;
}

/** @throws Flawed */
function requireFlawless(name: string, { bad, samples, requests, usedUp }: Measured): void {
  const first = samples[0]?.[0].slice(0, 300) ?? '';
  if (bad > 0) throw new Flawed(`${name}: ${bad} bad answers beside ${requests}; the first: ${first}`);
  if (usedUp) throw new TooFew(`${name}: all requests were sent before the time was over; sign more (bench/paces.ts)`);
  if (requests === 0) throw new Flawed(`${name}: nothing was answered`);
}

function requireSigned({ gateway }: Bench, name: string, { samples }: Measured): void {
  const key = parsePublicKey(gateway.sandbox.waffoPublicKey);
  const unsigned = samples.filter(([body, signature]) => !verify(Buffer.from(body, 'latin1'), signature, key)).length;
  if (unsigned > 0) throw new Flawed(`${name}: ${unsigned} of ${samples.length} answers are wrongly signed`);
}

/** A row without the processor time of others. */
function resultOf(
  name: string,
  { requests, seconds, p50, p99, cpuMs }: Measured,
  { limit, connections }: { readonly limit: number; readonly connections: number },
): Result {
  const requestsPerSecond = requests / seconds;
  const cpu = { generator: (cpuMs * 1_000) / requests };
  return { name, requestsPerSecond, ratio: requestsPerSecond / limit, p50, p99, cpu, connections };
}

/** The round that has as many below it as above. */
export function middleOf(results: readonly Result[], by: 'ratio' | 'p99' = 'ratio'): Result {
  const middle = median(results.map((result) => result[by]));
  return results.find((one) => one[by] === middle) as Result;
}
