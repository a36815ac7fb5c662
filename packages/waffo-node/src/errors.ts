/**
 * What a failed call is: `unwrap()` throws it, `getError()` answers it. Two classes, for there are two decisions: whether
 * the outcome is known or not. It must never carry a key, a card or a request.
 */
import type { Retry } from '@waffo/protocol/codes';
import type { WireCode } from './generated/types.ts';

/**
 * Codes that this library makes itself; a gateway never sends them (contract section 19).
 * - `S0001` no answer
 * - `S0002` `waffoPublicKey` is not a key
 * - `S0003` signing failed
 * - `S0004` the signature of an answer or a webhook is missing or wrong
 * - `S0005` a request that cannot be written as JSON, or an answer or webhook that does not have the published form
 * - `S0006` a wrong option, or a handler that failed
 * - `S0007` `privateKey` is not a key
 */
export type ClientCode = 'S0001' | 'S0002' | 'S0003' | 'S0004' | 'S0005' | 'S0006' | 'S0007';

/** Any code: those of this version by name, and whatever a newer gateway may send. */
export type Code = WireCode | ClientCode | (string & {});

/** What is known of a failed call. */
export interface WaffoErrorDetails {
  readonly code: Code;
  /** For developers and logs. For shoppers, choose your own words by `code`. */
  readonly message: string;
  /** `X-Request-Id` of the answer: quote it to whoever runs the gateway. */
  readonly requestId?: string | undefined;
  /** What the sandbox adds for developers. */
  readonly hint?: string | undefined;
  /** HTTP status of the answer. */
  readonly httpStatus?: number | undefined;
  /**
   * What may be done next.
   * - `never`: nothing was done; the request itself, or the set-up, must change first.
   * - `same-request`: send the very same request again, later, with the same request id.
   * - `inquire-first`: the outcome is unknown; inquire, or wait for the notification.
   */
  readonly retry: Retry;
  /** How long the gateway asks to wait before that, in ms. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A call that was refused or failed; `retry` says what may be done next.
 *
 * @example
 * try {
 *   (await waffo.order().create(params)).unwrap();
 * } catch (error) {
 *   if (error instanceof WaffoError && error.code === 'A0037') askForAnotherCard();
 *   else throw error;
 * }
 */
export class WaffoError extends Error {
  override readonly name: string = 'WaffoError';
  readonly code: Code;
  readonly requestId: string | undefined;
  readonly hint: string | undefined;
  readonly httpStatus: number | undefined;
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;
  /**
   * The vendor's page about such codes, also when the gateway is your own: they are the same ones. For `S…` and `E…` it is
   * the one about handling errors.
   */
  readonly docUrl: string;

  constructor(details: WaffoErrorDetails) {
    const { code, message, hint, cause } = details;
    super(`${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.requestId = details.requestId;
    this.hint = hint;
    this.httpStatus = details.httpStatus;
    this.retry = details.retry;
    this.retryAfterMs = details.retryAfterMs;
    this.docUrl = docs + (/^[SE]/.test(code) ? handlingPage : codesPage);
  }
}

/**
 * It is not known whether the call took effect: `E0001`, or no answer that can be trusted came. Inquire, or wait for the
 * notification; never treat it as a failure, and never send it again under another request id.
 *
 * @example
 * try {
 *   (await waffo.order().create(params)).unwrap();
 * } catch (error) {
 *   if (error instanceof WaffoUnknownStatusError) showPending(params.paymentRequestId);
 *   else throw error;
 * }
 */
export class WaffoUnknownStatusError extends WaffoError {
  override readonly name = 'WaffoUnknownStatusError';
}

const docs = 'https://waffo.com/docs/en/developer-docs/';
const codesPage = 'tools-and-references/developer-tools/error-codes';
const handlingPage = 'core-concepts/error-handling';

/** The error of the right class. */
export const errorOf = (details: WaffoErrorDetails): WaffoError =>
  details.retry === 'inquire-first' ? new WaffoUnknownStatusError(details) : new WaffoError(details);
