/**
 * Whether an answer to a notification is the acknowledgement that counts (contract 18.2): 200, JSON, `message: success`
 * and nothing else, signed by the merchant. Anything else is said in words that the merchant can act on. Pure; it never
 * repeats more than a few characters of what the receiver wrote.
 */
import type { KeyObject } from 'node:crypto';
import { signatureHeader, verify } from '@waffo/protocol/signature';
import { excerptOf } from './excerpt.ts';

/** The answer as it came. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  /** Whether `body` is only the beginning. */
  readonly truncated: boolean;
  readonly signature: string | undefined;
}

/** What the acknowledgement of a merchant must satisfy. */
export interface AcknowledgementRules {
  /** The merchant's active keys; one of them must have signed the raw body. */
  readonly publicKeys: readonly KeyObject[];
  /** A signature is not needed; one that is there must still be right. */
  readonly lenient: boolean;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const jsonType = /^application\/json[ \t]*(?:;|$)/i;

/** The one object, with white space where JSON allows it. A pattern and no parser: a parser would let a repeated member pass. */
const success = /^[ \t\r\n]*\{[ \t\r\n]*"message"[ \t\r\n]*:[ \t\r\n]*"success"[ \t\r\n]*\}[ \t\r\n]*$/;

/** What an acknowledgement is, for those who sent something else. */
export const mustAnswer = `it must answer 200 with JSON {"message":"success"} and a valid ${signatureHeader}`;

/**
 * Judges an answer.
 *
 * @returns ok, or why not, in words for the merchant: `your server answered 204; it must answer 200 with JSON …`
 * @example judge(answer, { publicKeys: merchant.publicKeys, lenient: false })
 */
export function judge(answer: Answer, rules: AcknowledgementRules): Verdict {
  const reason = flawOf(answer, rules);
  return reason === undefined ? { ok: true } : { ok: false, reason };
}

function flawOf(answer: Answer, { publicKeys, lenient }: AcknowledgementRules): string | undefined {
  const { status, contentType, body, truncated, signature } = answer;
  if (status >= 300 && status < 400) {
    return `your server answered ${status}; redirects are not followed: give the URL that answers itself`;
  }
  const wrong = (what: string) => `your server answered ${what}; ${mustAnswer}`;
  if (status !== 200) return wrong(String(status));
  if (contentType === undefined) return wrong('200 without a Content-Type');
  if (!jsonType.test(contentType)) return wrong(`200 with ${excerpt(contentType)}`);
  if (truncated) return wrong('200 with more than 4 KB');
  const text = Buffer.from(body).toString('utf8');
  if (!success.test(text)) return wrong(`200 with ${describe(text)}`);
  if (signature === undefined || signature === '') return lenient ? undefined : wrong(`without ${signatureHeader}`);
  if (publicKeys.some((key) => verify(body, signature, key))) return undefined;
  return `the ${signatureHeader} of your server's answer does not fit its body and any of your public keys; sign the exact bytes that you send`;
}

function describe(text: string): string {
  if (text === '') return 'an empty body';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'JSON that is not an object';
    const { message } = value as { message?: unknown };
    if (message === 'success') return 'more than one member';
    return typeof message === 'string' ? `message "${excerpt(message)}"` : 'no message in words';
  } catch {
    return 'a body that is not JSON';
  }
}

const excerpt = (text: string): string => excerptOf(text.replace(/[^ -~]/g, '?'), 40);
