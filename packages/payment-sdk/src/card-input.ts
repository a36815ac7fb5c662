/** What a page hands over, and whether it can be a card at all. It must never put card data into a message. */
import { cleanPan, isExpired, parseExpiry, passesLuhn, schemeOf, schemes } from '@waffo/protocol/card';
import type { CardInput } from '@waffo/protocol/envelope/record';
import { ownText } from './own-value.ts';
import type { Refusal } from './result.ts';

/** A card as the shopper typed it. */
export interface TokenData {
  /** Card number, 12 to 19 digits; spaces and dashes are taken out. */
  readonly pan: string;
  /** The holder's name as it is on the card, at most 128 characters. */
  readonly name: string;
  /** `MM/YYYY`, e.g. `09/2028`. */
  readonly expiry: string;
  /** The code on the card, 3 digits (American Express: 4). Used for one verification and never stored. */
  readonly cvv?: string | undefined;
}

/**
 * Where the card's statements go. Every member is optional; empty ones and others than these are not sent.
 *
 * @example { countryCode: 'USA', region: 'CA', city: 'San Francisco', postalCode: '94102', address: '123 Main St' }
 */
export interface BillingAddress {
  /** ISO 3166-1 alpha-3, e.g. `USA`. */
  readonly countryCode?: string | undefined;
  /** State or province, e.g. `CA`. */
  readonly region?: string | undefined;
  readonly city?: string | undefined;
  readonly postalCode?: string | undefined;
  /** Street and number. */
  readonly address?: string | undefined;
}

/**
 * What `tokenizationSubmit` takes. `tokenData` is sealed before it is sent; the rest is sent as it is.
 *
 * @example
 * const input: SubmitInput = {
 *   tokenData: { pan: '4111 1111 1111 1111', name: 'Ada Lovelace', expiry: '12/2030', cvv: '123' },
 *   returnUrl: 'https://shop.example/cards',
 * };
 */
export interface SubmitInput {
  /** The card; one that cannot be one is refused with `A0029`. */
  readonly tokenData: TokenData;
  /** Refused with `A0003` and `field: 'billingAddress'` when the gateway cannot read it. */
  readonly billingAddress?: BillingAddress | undefined;
  /** Where a 3-D Secure page sends the shopper back to. Its origin must be registered for the client API key. */
  readonly returnUrl?: string | undefined;
}

const nameLimit = 128;
const nameBytesLimit = 226;

/** Invisible characters, and anything that could be a card number typed into the wrong field. */
const notInNames = /[\p{Cc}\p{Cs}]|\d(?:[ -]?\d){11,}/u;

/**
 * Takes out spaces and dashes and checks what can be checked without asking the gateway.
 *
 * @param tokenData - as the page gave it
 * @param isProduction - apply the schemes' rules and the check digit as well. The sandbox's published test cards break
 *   them (contract section 20), so there the gateway decides.
 * @param now - decides whether the card has expired; a card is good to the end of its month, UTC
 * @returns the card, ready to be sealed, or why not
 */
export function readCard(tokenData: unknown, isProduction: boolean, now: Date): CardInput | Refusal {
  const pan = cleanPan(ownText(tokenData, 'pan'));
  const expiry = ownText(tokenData, 'expiry').replace(/\s/g, '');
  const cvv = ownText(tokenData, 'cvv');
  const name = ownText(tokenData, 'name');
  const scheme = schemeOf(pan);
  const rule = isProduction && scheme !== undefined ? schemes[scheme] : undefined;
  const validity = parseExpiry(expiry);

  if (!/^\d{12,19}$/.test(pan)) return invalid('pan');
  if (isProduction && !passesLuhn(pan)) return invalid('pan');
  if (rule?.lengths.includes(pan.length) === false) return invalid('pan');
  if (validity === undefined) return invalid('expiry');
  if (isExpired(validity, now)) return { ...invalid('expiry'), message: 'expired' };
  if (cvv !== '' && !/^\d{3,4}$/.test(cvv)) return invalid('cvv');
  if (cvv !== '' && rule !== undefined && cvv.length !== rule.cvvLength) return invalid('cvv');
  if (name === '' || name.length > nameLimit || notInNames.test(name)) return invalid('name');
  if (new TextEncoder().encode(name).length > nameBytesLimit) return invalid('name');
  return { pan, expiry, name, cvv };
}

const invalid = (field: 'pan' | 'expiry' | 'cvv' | 'name'): Refusal => ({ code: 'A0029', field });

/** @returns the members that the gateway knows; undefined when there are none */
export function readAddress(address: unknown): BillingAddress | undefined {
  const members = ['countryCode', 'region', 'city', 'postalCode', 'address'] as const;
  const given = members.map((name) => [name, ownText(address, name)] as const).filter(([, value]) => value !== '');
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}
