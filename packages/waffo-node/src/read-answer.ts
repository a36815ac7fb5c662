/** Judges an answer: its signature over its bytes first, then its form, then whether it answers this very request. */
import { type Retry, retryAdvice } from '@waffo/protocol/codes';
import { signatureHeader, verify } from '@waffo/protocol/signature';
import type { Success } from './api-response.ts';
import type { WaffoErrorDetails } from './errors.ts';
import type { Settings } from './settings.ts';
import { signerOf } from './signer.ts';
import { type Answer, answerLimitBytes } from './transport.ts';

/** Ids that an answer repeats from its request. */
const echoedIds = ['paymentRequestId', 'tokenRequestId', 'acquiringOrderId'] as const;

/**
 * @param request - what is answered
 * @param doubt - advice for when the answer cannot be used, so that nobody knows what the gateway did
 */
export function readAnswer<Data>(
  settings: Settings,
  request: object,
  { status, headers, raw }: Answer,
  doubt: Retry,
): Success<Data> | WaffoErrorDetails {
  const requestId = headers.get('x-request-id') ?? undefined;
  const signature = headers.get(signatureHeader) ?? '';
  const answer = objectIn(raw);
  const unusable = (code: 'S0004' | 'S0005', message: string): WaffoErrorDetails => ({
    code,
    message: `${message}; the answer was not used`,
    requestId,
    httpStatus: status,
    retry: doubt,
  });
  if (!verify(raw, signature, settings.waffoPublicKey)) {
    return unusable('S0004', whyUnverified(settings, status, answer, raw, signature));
  }
  if (typeof answer?.code !== 'string') return unusable('S0005', 'the answer is signed but is not {code, msg, data}');
  const message = typeof answer.msg === 'string' ? answer.msg : '';
  if (answer.code !== '0') {
    return {
      code: answer.code,
      message,
      requestId,
      hint: headers.get('x-waffo-hint') ?? undefined,
      httpStatus: status,
      retry: retryAdvice(answer.code),
      retryAfterMs: retryAfterMs(headers),
    };
  }
  const id = foreignId(request, answer.data);
  if (id !== undefined) {
    return unusable(
      'S0004',
      `the answer is genuine but of another request: its ${id} differs; is there a cache on the way?`,
    );
  }
  return { data: answer.data as Data, message, requestId };
}

interface Envelope {
  readonly code?: unknown;
  readonly msg?: unknown;
  readonly data?: unknown;
}

function objectIn(raw: Buffer): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An unverified answer is not trusted, but what it says often tells why it does not verify. */
function whyUnverified(
  { waffoPublicKey, baseUrl }: Settings,
  status: number,
  answer: Envelope | undefined,
  raw: Buffer,
  signature: string,
): string {
  const origin = new URL(baseUrl).origin;
  if (status >= 300 && status < 400) return `${origin} answers with a redirect, which is not followed: check baseUrl`;
  if (raw.length > answerLimitBytes) return `${origin} answers with more than ${answerLimitBytes} bytes: check baseUrl`;
  if (answer === undefined) {
    return `HTTP ${status} from ${origin} is not JSON: check baseUrl, and proxies on the way`;
  }
  if (signature === '') return 'the answer is not signed: check baseUrl, and whether a proxy drops X-SIGNATURE';
  if (signerOf(waffoPublicKey, signature) === 'this-key') {
    return 'the answer is signed by the right key but its bytes were changed: check proxies on the way';
  }
  if (answer.code === 'A0001') {
    return 'the answer says A0001 (API key unknown) but is signed by another key: check apiKey and baseUrl';
  }
  return 'the answer is signed by another key: check that waffoPublicKey is the one of this merchant in this environment, and baseUrl';
}

function foreignId(request: object, data: unknown): string | undefined {
  const asked = request as Readonly<Record<string, unknown>>;
  const told = (data ?? {}) as Readonly<Record<string, unknown>>;
  return echoedIds.find(
    (id) => typeof asked[id] === 'string' && typeof told[id] === 'string' && asked[id] !== told[id],
  );
}

/** `Retry-After`: seconds, or a date. */
function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
