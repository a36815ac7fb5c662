/** What a submission comes to. A result is for the page to show; it never carries card data, nor the token. */
import type { Locale } from '@waffo/protocol/locale';
import { type MessageKey, messageIn } from './messages.ts';

/** The member of the input, or the setting, that an error is about. */
export type ErrorField = 'pan' | 'name' | 'expiry' | 'cvv' | 'billingAddress' | 'returnUrl' | 'tokenSessionId';

/**
 * The gateway has the card. The token itself goes to the merchant's backend, by webhook.
 *
 * @example { success: true, data: { tokenRequestId: 'treq_1', validateUrl: 'https://pay.example/3ds/…' } }
 */
export interface SubmitSuccess {
  readonly success: true;
  readonly data: {
    /** The merchant's own id of this binding, as its backend gave it to `tokenization/generate`. */
    readonly tokenRequestId: string;
    /** A URL of the gateway, https in production. When present, send the shopper there for 3-D Secure: `window.location.href = validateUrl`. */
    readonly validateUrl?: string;
  };
}

/**
 * The card was not taken, or with `E0001` and `S0005` nobody knows yet: never treat those two as failed.
 *
 * @example { success: false, error: { code: 'A0029', message: 'Check the card number.', field: 'pan' } }
 */
export interface SubmitError {
  readonly success: false;
  readonly error: {
    /**
     * The gateway's code (`A0029` card data, `A0031` card type, `A0003` session or parameter, `A0011` session already
     * used, `C0005` declined, `E0001` outcome not known yet, ...), or one that is made here: `S0001` no answer, `S0005` an
     * answer that is none, `S0006` the page is not secure.
     */
    readonly code: string;
    /** For the shopper, in the language of `locale`. */
    readonly message: string;
    /** Which input to show the message at, where there is one. */
    readonly field?: ErrorField;
  };
}

/**
 * What `tokenizationSubmit` resolves to; `success` tells the two apart. It holds no card data and may be logged.
 *
 * @example
 * if (!result.success) show(result.error.message);
 * else if (result.data.validateUrl) window.location.href = result.data.validateUrl;
 */
export type SubmitResult = SubmitSuccess | SubmitError;

/** A refusal before it is put into the shopper's language. */
export interface Refusal {
  readonly code: string;
  readonly field?: ErrorField | undefined;
  /** Says more than code and field do. */
  readonly message?: MessageKey;
}

/** @returns the error result, with its message in the shopper's language */
export function refuse(locale: Locale, { code, field, message }: Refusal): SubmitError {
  const text = messageIn(locale, message ?? messageKeyOf(code, field));
  return { success: false, error: { code, message: text, ...(field !== undefined && { field }) } };
}

const byCode: Readonly<Record<string, MessageKey>> = {
  A0005: 'limit',
  A0011: 'session',
  A0030: 'unsupported',
  A0031: 'unsupported',
  B0002: 'limit',
  C0002: 'setup',
  C0005: 'declined',
  D0001: 'declined',
  E0001: 'unknown',
  S0001: 'network',
  S0005: 'unknown',
  S0006: 'insecure',
};

function messageKeyOf(code: string, field: ErrorField | undefined): MessageKey {
  if (code === 'A0029')
    return field === 'pan' || field === 'cvv' || field === 'expiry' || field === 'name' ? field : 'card';
  if (field === 'tokenSessionId') return 'session';
  if (field === 'billingAddress') return 'address';
  if (Object.hasOwn(byCode, code)) return byCode[code] as MessageKey;
  return code.startsWith('A') && code !== 'A0040' ? 'setup' : 'busy';
}

const fields: readonly string[] = [
  'pan',
  'name',
  'expiry',
  'cvv',
  'billingAddress',
  'returnUrl',
  'tokenSessionId',
] satisfies ErrorField[];

/**
 * The gateway names the member that it refuses at the head of its message.
 *
 * @example fieldOf('expiry: the card has expired') // 'expiry'
 */
export function fieldOf(msg: string): ErrorField | undefined {
  const name = /^(\w+)(?:\.\w+)*: /.exec(msg)?.[1] ?? '';
  return fields.includes(name) ? (name as ErrorField) : undefined;
}
