/**
 * One attempt: the signed bytes go out and the bytes of an answer come back. It judges nothing but whether the request can
 * have reached the gateway.
 */
import { apiKeyHeader, signatureHeader } from '@waffo/protocol/signature';
import type { Settings } from './settings.ts';
import { version } from './version.ts';

/** Options of a single call. */
export interface CallOptions {
  /** Gives the call up. What the gateway did by then is not known. */
  readonly signal?: AbortSignal | undefined;
  /** For each attempt, in ms; in the place of the client's. */
  readonly timeoutMs?: number | undefined;
}

/** What is sent, again and again the same. */
export interface SignedRequest {
  readonly path: `/${string}`;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signature: string;
}

/** What came back, neither verified nor parsed. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came, which the signature is over; cut off above `answerLimitBytes`. */
  readonly raw: Buffer;
}

/** An attempt that brought no answer. */
export interface NoAnswer {
  readonly why: string;
  readonly cause: unknown;
  /** `none`: not a byte of the request left; `broken`: some may have; `late`: time is up, or the caller gave up. */
  readonly progress: 'none' | 'broken' | 'late';
}

/** The longest answer is a list of 100 tokens, some 100 kB. More is cut off, and then does not verify. */
export const answerLimitBytes = 4 * 1024 * 1024;

/** Sends once. Never rejects. */
export async function send(
  settings: Settings,
  { path, body, signature }: SignedRequest,
  { signal, timeoutMs = settings.timeoutMs }: CallOptions,
): Promise<Answer | NoAnswer> {
  if (signal?.aborted) return { why: 'the caller gave up', cause: signal.reason, progress: 'none' };
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await settings.fetch(`${settings.baseUrl}${path}`, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/json',
        [apiKeyHeader]: settings.apiKey,
        [signatureHeader]: signature,
        'X-API-VERSION': '1.0.0',
        'X-SDK-VERSION': `waffo-node/${version}`,
      },
      redirect: 'manual',
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
    });
    return { status: response.status, headers: response.headers, raw: await bytesOf(response) };
  } catch (error) {
    if (signal?.aborted) return { why: 'the caller gave up', cause: error, progress: 'late' };
    if (deadline.aborted) return { why: `no answer within ${timeoutMs} ms`, cause: error, progress: 'late' };
    const causes = causesOf(error);
    const names = [...new Set(causes.map(({ code }) => code).filter((code) => typeof code === 'string'))];
    const why = `no answer from ${new URL(settings.baseUrl).origin}${names.length === 0 ? '' : `: ${names.join(', ')}`}`;
    return { why, cause: error, progress: causes.length > 0 && causes.every(isBeforeSending) ? 'none' : 'broken' };
  }
}

async function bytesOf(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > answerLimitBytes) break;
  }
  return Buffer.concat(chunks);
}

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** The system's own errors below what `fetch` throws: one for each address that was tried. */
function causesOf(error: unknown, depth = 0): SystemError[] {
  if (typeof error !== 'object' || error === null || depth > 4) return [];
  const { code, cause, errors } = error as SystemError;
  if (Array.isArray(errors) && errors.length > 0) return errors.flatMap((each) => causesOf(each, depth + 1));
  if (code !== undefined && cause === undefined) return [error];
  return causesOf(cause, depth + 1);
}

/** No connection, or one to somebody who is not who he should be: nothing was sent. */
const isBeforeSending = ({ code, syscall }: SystemError): boolean =>
  syscall === 'connect' ||
  syscall === 'getaddrinfo' ||
  code === 'UND_ERR_CONNECT_TIMEOUT' ||
  /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(String(code));
