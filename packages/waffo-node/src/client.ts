/**
 * One call: sign the bytes, send them, verify the answer's bytes, and only then read them. A repeat sends the very same
 * bytes, so the request id is the same; an unknown outcome is never repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { retryAdvice } from '@waffo/protocol/codes';
import { apiKeyHeader, sign, signatureHeader, verify } from '@waffo/protocol/signature';
import { ApiResponse } from './api-response.ts';
import type { WaffoErrorDetails } from './errors.ts';
import type { Settings } from './settings.ts';
import { version } from './version.ts';

/** Options of a single call. */
export interface CallOptions {
  /** Gives the call up; what the gateway did by then is not known. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

interface Exchange {
  readonly status: number;
  readonly headers: Headers;
  readonly raw: Buffer;
}

/** How an attempt ended that brought no answer. */
interface NoAnswer {
  readonly failure: WaffoErrorDetails;
  readonly repeatable: boolean;
}

/** @internal */
export async function call<Data>(
  settings: Settings,
  path: string,
  request: object,
  options: CallOptions = {},
): Promise<ApiResponse<Data>> {
  const body = Buffer.from(JSON.stringify(request));
  const signature = await sign(body, settings.privateKey);
  for (let attempt = 0; ; attempt++) {
    const last = attempt >= settings.maxRetries || options.signal?.aborted === true;
    const result = await send(settings, path, body, signature, options);
    if ('failure' in result) {
      if (last || !result.repeatable) return ApiResponse.error(result.failure);
      await pause(attempt);
      continue;
    }
    const response = readAnswer<Data>(settings, result);
    if (last || response.isSuccess() || !mayRepeat(response.getCode())) return response;
    await pause(attempt, result.headers.get('retry-after'));
  }
}

/** Codes that ask for the same request again. S-codes are ours: a wrong signature does not become right by asking twice. */
const mayRepeat = (code: string): boolean => !code.startsWith('S') && retryAdvice(code) === 'same-request';

async function send(
  settings: Settings,
  path: string,
  body: Buffer,
  signature: string,
  { signal, timeoutMs = settings.timeoutMs }: CallOptions,
): Promise<Exchange | NoAnswer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await settings.fetch(`${settings.baseUrl}${path}`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        'Content-Type': 'application/json',
        [apiKeyHeader]: settings.apiKey,
        [signatureHeader]: signature,
        'X-API-VERSION': '1.0.0',
        'X-SDK-VERSION': `waffo-node/${version}`,
      },
      redirect: 'error',
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
    });
    return { status: response.status, headers: response.headers, raw: Buffer.from(await response.arrayBuffer()) };
  } catch (cause) {
    const gaveUp = deadline.aborted || signal?.aborted === true;
    const why = gaveUp ? `no answer within ${timeoutMs} ms` : `no answer from ${settings.baseUrl}`;
    const message = `${why}; whether the request arrived is not known`;
    return { failure: { code: 'S0001', message, retry: 'inquire-first', cause }, repeatable: !gaveUp };
  }
}

function readAnswer<Data>(settings: Settings, { status, headers, raw }: Exchange): ApiResponse<Data> {
  const requestId = headers.get('x-request-id') ?? undefined;
  const known = { requestId, httpStatus: status };
  const signature = headers.get(signatureHeader) ?? '';
  const answer = parsed(raw);
  if (!verify(raw, signature, settings.waffoPublicKey)) {
    const message =
      signature === ''
        ? 'the answer is not signed; it was not used'
        : 'the signature of the answer is wrong; it was not used';
    return ApiResponse.error({
      ...known,
      code: 'S0004',
      message,
      hint: causeOf(answer, signature),
      retry: 'inquire-first',
    });
  }
  if (typeof answer?.code !== 'string') {
    return ApiResponse.error({
      ...known,
      code: 'S0005',
      message: 'the answer is not {code, msg, data}',
      retry: 'inquire-first',
    });
  }
  const message = String(answer.msg ?? '');
  if (answer.code === '0') return ApiResponse.success(answer.data as Data, message, requestId);
  const hint = headers.get('x-waffo-hint') ?? undefined;
  return ApiResponse.error({ ...known, code: answer.code, message, hint, retry: retryAdvice(answer.code) });
}

function parsed(raw: Buffer): { code?: unknown; msg?: unknown; data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An unverified answer is not trusted, but what it says often tells why it does not verify. */
function causeOf(answer: { code?: unknown } | undefined, signature: string): string {
  if (answer === undefined) return 'what answered is no Waffo gateway: check baseUrl, and proxies on the way';
  if (signature === '') return 'a proxy may have removed X-SIGNATURE, or baseUrl is wrong';
  if (answer.code === 'A0001')
    return 'it says A0001, unknown API key, and such answers bear the system key: check apiKey and baseUrl';
  return 'check that waffoPublicKey is the key of this merchant in this environment';
}

/** 200 ms, 400 ms, … at most 5 s, with up to half as jitter; or what the gateway asks for, at most 30 s. */
async function pause(attempt: number, retryAfter?: string | null): Promise<void> {
  const asked = Number(retryAfter ?? Number.NaN) * 1_000;
  const own = Math.min(200 * 2 ** attempt, 5_000) * (1 + Math.random() / 2);
  await sleep(Number.isFinite(asked) ? Math.min(asked, 30_000) : own);
}
