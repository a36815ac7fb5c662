/**
 * One call: sign the bytes, send them, judge the answer. A repeat sends the very same bytes, and so the same request id; an
 * unknown outcome is never repeated, and never told as if it were known.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Retry } from '@waffo/protocol/codes';
import { sign } from '@waffo/protocol/signature';
import { ApiResponse, type Success } from './api-response.ts';
import type { WaffoErrorDetails } from './errors.ts';
import { readAnswer } from './read-answer.ts';
import type { Settings } from './settings.ts';
import { type CallOptions, type NoAnswer, type SignedRequest, send } from './transport.ts';

/** An operation as this library calls it. */
export interface Call {
  /** Below `/api/v1`. */
  readonly path: `/${string}`;
  /** What to do when nobody knows whether it took effect: where money may have moved, inquire. */
  readonly doubt: Retry;
}

/** How an attempt ended, and whether the same bytes may be sent again. */
interface Attempt<Data> {
  readonly result: Success<Data> | WaffoErrorDetails;
  readonly repeatable: boolean;
  /** The request may have reached the gateway, and what became of it is not known. */
  readonly doubtful: boolean;
}

/** A gateway that asks to wait longer than this is asked again by the caller. */
const longestPauseMs = 10_000;

/** @returns success, or why not; rejects for nothing but a bug of ours */
export async function call<Data>(
  settings: Settings,
  { path, doubt }: Call,
  request: object,
  options: CallOptions = {},
): Promise<ApiResponse<Data>> {
  const signed = await signedRequest(settings, path, request);
  if ('code' in signed) return new ApiResponse<Data>(signed);
  let doubtful = false;
  for (let number = 0; ; number++) {
    const attempt = await attemptOnce<Data>(settings, signed, request, doubt, options);
    const { result } = attempt;
    doubtful ||= attempt.doubtful;
    if (!('code' in result)) return new ApiResponse<Data>(result);
    const pauseMs = result.retryAfterMs ?? backOffMs(number);
    const isLast = !attempt.repeatable || number >= settings.maxRetries || pauseMs > longestPauseMs;
    if (isLast || !(await pause(pauseMs, options.signal))) return new ApiResponse<Data>(told(result, doubtful, doubt));
  }
}

/** A request that got lost before may have taken effect: then only a definite answer to its repeat settles the matter. */
const told = (failure: WaffoErrorDetails, doubtful: boolean, doubt: Retry): WaffoErrorDetails =>
  doubtful && failure.retry === 'same-request' ? { ...failure, retry: doubt } : failure;

async function signedRequest(
  { privateKey }: Settings,
  path: SignedRequest['path'],
  request: object,
): Promise<SignedRequest | WaffoErrorDetails> {
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = new TextEncoder().encode(JSON.stringify(request));
  } catch (cause) {
    return { code: 'S0005', message: 'the request cannot be written as JSON', retry: 'never', cause };
  }
  try {
    return { path, body, signature: await sign(body, privateKey) };
  } catch (cause) {
    return { code: 'S0003', message: 'the request cannot be signed with privateKey', retry: 'never', cause };
  }
}

async function attemptOnce<Data>(
  settings: Settings,
  signed: SignedRequest,
  request: object,
  doubt: Retry,
  options: CallOptions,
): Promise<Attempt<Data>> {
  const answer = await send(settings, signed, options);
  if ('why' in answer) return unanswered(answer, doubt);
  const result = readAnswer<Data>(settings, request, answer, doubt === 'inquire-first' ? doubt : 'never');
  const repeatable = 'code' in result && !result.code.startsWith('S') && result.retry === 'same-request';
  return { result, repeatable, doubtful: false };
}

function unanswered({ why, cause, progress }: NoAnswer, doubt: Retry): Attempt<never> {
  const left = progress !== 'none';
  const message = left ? `${why}; whether the request arrived is not known` : `${why}; the request was not sent`;
  const retry = left ? doubt : 'same-request';
  return { result: { code: 'S0001', message, retry, cause }, repeatable: progress !== 'late', doubtful: left };
}

/** 200 ms, 400 ms, … at most 5 s, half of it by chance so that clients do not come back all at once. */
const backOffMs = (number: number): number => Math.min(200 * 2 ** number, 5_000) * (0.5 + Math.random() / 2);

/** @returns false when the caller gave up meanwhile */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false;
  }
}
