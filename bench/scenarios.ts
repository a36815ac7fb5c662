/** What is measured, each over requests that were made and signed beforehand. */
import { readFile } from 'node:fs/promises';
import { seal } from '@waffo/protocol/envelope/seal';
import { parsePublicKey, verify } from '@waffo/protocol/signature';
import { ceiling } from './ceiling.ts';
import { apiPath, browserRequest, corpus, generateOf, orderOf, signedRequest } from './corpus.ts';
import type { BenchGateway } from './gateway.ts';
import { type Load, type Measured, run } from './generator.ts';
import { cpuMsOf } from './process-table.ts';

/** One row of the results. */
export interface Result {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Of the RSA signatures that this machine made a second, taken right before. */
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
  readonly seconds: number;
  readonly connections: number;
}

/** A run that is not flawless is no result. */
export class Flawed extends Error {
  override readonly name = 'Flawed';
}

const card = { pan: '4111111111111111', expiry: '12/2030', cvv: '123', name: 'Ada Lovelace' };

/**
 * @param load - the corpus and how it is sent
 * @throws Flawed when an answer was not what it had to be, or was not signed by the merchant's key
 */
export async function measure(bench: Bench, name: string, load: Partial<Load> & Pick<Load, 'corpus'>): Promise<Result> {
  const limit = await ceiling();
  const pids = { gateway: bench.gateway.pid, database: bench.postmaster };
  const before = { gateway: cpuMsOf(pids.gateway), database: cpuMsOf(pids.database) };
  const measured = await run({
    port: Number(new URL(bench.gateway.url).port),
    connections: bench.connections,
    seconds: bench.seconds,
    repeats: false,
    status: 200,
    ...load,
  });
  requireFlawless(bench, name, measured);
  const each = (pid: number, start: number | undefined): number | undefined => {
    const end = cpuMsOf(pid);
    return start === undefined || end === undefined ? undefined : ((end - start) * 1_000) / measured.requests;
  };
  const [gateway, database] = [each(pids.gateway, before.gateway), each(pids.database, before.database)];
  const requestsPerSecond = measured.requests / measured.seconds;
  return {
    name,
    requestsPerSecond,
    ratio: requestsPerSecond / limit,
    p50: measured.p50,
    p99: measured.p99,
    cpu: {
      ...(gateway !== undefined && { gateway }),
      ...(database !== undefined && { database }),
      generator: (measured.cpuMs * 1_000) / measured.requests,
    },
    connections: load.connections ?? bench.connections,
  };
}

function requireFlawless({ gateway }: Bench, name: string, { bad, samples, requests }: Measured): void {
  const key = parsePublicKey(gateway.sandbox.waffoPublicKey);
  const unsigned = samples.filter(([body, signature]) => !verify(Buffer.from(body, 'latin1'), signature, key)).length;
  if (requests === 0 || bad > 0 || unsigned > 0) {
    const first = samples[0]?.[0].slice(0, 300) ?? '';
    throw new Flawed(`${name}: ${bad} bad and ${unsigned} wrongly signed of ${requests} answers; the first: ${first}`);
  }
}

/** One call outside the measurement. */
async function call(request: Buffer, { gateway }: Bench): Promise<Record<string, unknown>> {
  const [head = '', body = ''] = request.toString().split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
  const { host: _host, 'content-length': _length, ...rest } = headers;
  const path = first.split(' ')[1] ?? apiPath;
  const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', headers: rest, body });
  const { code, data } = (await answer.json()) as { code: string; data: Record<string, unknown> };
  if (code !== '0') throw new Flawed(`${path} answered ${code}`);
  return data;
}

/** Tokens to pay with, made as shops make them. */
export async function bindTokens(bench: Bench, count: number): Promise<string[]> {
  const { sandbox } = bench.gateway;
  const tokens: string[] = [];
  for (let number = 0; number < count; number++) {
    const generate = generateOf(sandbox, bench.notifyUrl);
    const { tokenSessionId } = await call(await signedRequest(sandbox, '/tokenization/generate', generate), bench);
    const encryptedCard = await seal(String(tokenSessionId), card);
    await call(browserRequest(sandbox, '/tokenization/submit', { tokenSessionId, encryptedCard }), bench);
    const inquiry = { tokenRequestId: generate.tokenRequestId, merchantInfo: generate.merchantInfo };
    const found = await call(await signedRequest(sandbox, '/tokenization/inquiry', inquiry), bench);
    tokens.push(String((found as unknown as { tokenId: string }[])[0]?.tokenId));
  }
  return tokens;
}

export async function inquiries(bench: Bench, tokens: readonly string[]): Promise<string> {
  const { sandbox } = bench.gateway;
  const merchantInfo = { merchantId: sandbox.merchantId };
  const bodies = tokens.map((tokenId) => signedRequest(sandbox, '/tokenization/inquiry', { tokenId, merchantInfo }));
  return corpus(bench.folder, 'inquiry', await Promise.all(bodies));
}

export async function refusals(bench: Bench): Promise<string> {
  return corpus(bench.folder, 'refusal', [await signedRequest(bench.gateway.sandbox, '/order/create', {})]);
}

export async function orders(bench: Bench, tokens: readonly string[], count: number, name: string): Promise<string> {
  const { sandbox } = bench.gateway;
  const requests: Buffer[] = [];
  for (let number = 0; number < count; number++) {
    const order = orderOf(sandbox, tokens[number % tokens.length] ?? '', bench.notifyUrl);
    requests.push(await signedRequest(sandbox, '/order/create', order));
  }
  return corpus(bench.folder, name, requests);
}

/** `tokenization/generate`, and then `submit` for sessions like those: both halves of a pair, one after the other. */
export async function pairs(bench: Bench, count: number): Promise<{ generate: string; submit: string }> {
  const { sandbox } = bench.gateway;
  const generates: Buffer[] = [];
  const submits: Buffer[] = [];
  for (let number = 0; number < count; number++) {
    generates.push(await signedRequest(sandbox, '/tokenization/generate', generateOf(sandbox, bench.notifyUrl)));
    const opened = await signedRequest(sandbox, '/tokenization/generate', generateOf(sandbox, bench.notifyUrl));
    const { tokenSessionId } = await call(opened, bench);
    const encryptedCard = await seal(String(tokenSessionId), card);
    submits.push(browserRequest(sandbox, '/tokenization/submit', { tokenSessionId, encryptedCard }));
  }
  const [generate, submit] = await Promise.all([
    corpus(bench.folder, 'generate', generates),
    corpus(bench.folder, 'submit', submits),
  ]);
  return { generate, submit };
}

/** A corpus of the first requests of another. */
export async function firstOf(folder: string, file: string, count: number): Promise<string> {
  const bytes = await readFile(file);
  const requests: Buffer[] = [];
  for (let at = 0; at < bytes.length && requests.length < count; ) {
    const length = bytes.readUInt32BE(at);
    requests.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return corpus(folder, 'first', requests);
}
