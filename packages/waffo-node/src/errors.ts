/** What `unwrap()` throws: one class for each decision that the caller must take. */

/** Codes that this library makes itself; a server never sends them (contract section 19). */
export type ClientCode = 'S0001' | 'S0002' | 'S0003' | 'S0004' | 'S0005' | 'S0006' | 'S0007';

/** What is known of a failed call. */
export interface WaffoErrorDetails {
  /** Wire code such as `A0037`, or a client code such as `S0004`. */
  readonly code: string;
  readonly message: string;
  /** `X-Request-Id` of the answer: quote it to whoever runs the gateway. */
  readonly requestId?: string | undefined;
  /** What probably is the cause, when the gateway's sandbox or this library can tell. */
  readonly hint?: string | undefined;
  /** HTTP status of the answer. */
  readonly httpStatus?: number | undefined;
  /** What may be done next with this very request. */
  readonly retry: 'never' | 'same-request' | 'inquire-first';
  readonly cause?: unknown;
}

/**
 * A call that was refused or failed. Nothing happened, or what happened is known.
 *
 * @example
 * try { (await waffo.order().create(params)).unwrap(); }
 * catch (error) { if (error instanceof WaffoError && error.code === 'A0037') askForAnotherCard(); }
 */
export class WaffoError extends Error {
  override readonly name: string = 'WaffoError';
  readonly code: string;
  readonly requestId: string | undefined;
  readonly hint: string | undefined;
  readonly httpStatus: number | undefined;
  readonly retry: WaffoErrorDetails['retry'];
  /** The page that explains the code. */
  readonly docUrl: string;

  constructor(details: WaffoErrorDetails) {
    const { code, message, hint, cause } = details;
    super(`${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.requestId = details.requestId;
    this.hint = hint;
    this.httpStatus = details.httpStatus;
    this.retry = details.retry;
    this.docUrl = `https://waffo.com/docs/error-codes#${code}`;
  }
}

/**
 * It is not known whether the call took effect: `E0001`, or no answer came. Inquire, or wait for the notification;
 * never treat it as a failure, and never send it again under another request id.
 */
export class WaffoUnknownStatusError extends WaffoError {
  override readonly name = 'WaffoUnknownStatusError';
}

/** The error of the right class. */
export const errorOf = (details: WaffoErrorDetails): WaffoError =>
  details.retry === 'inquire-first' ? new WaffoUnknownStatusError(details) : new WaffoError(details);
