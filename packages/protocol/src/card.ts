/**
 * What the digits of a card say by themselves: scheme, check digit, expiry, and the one way to show a number.
 * Runs anywhere and imports nothing. It must never put a digit of a card into an error or a log.
 *
 * Functions that take digits also take them as ASCII bytes, so that a server need never make a string of a PAN.
 */

/** Digits as text, or as ASCII bytes (`0x30` to `0x39`). */
export type Digits = string | Uint8Array;

/** The network a card belongs to, by the wire's `cardScheme` (contract section 6, decisions "Token"). */
export type Scheme =
  | 'VISA'
  | 'MASTERCARD'
  | 'AMEX'
  | 'JCB'
  | 'UNIONPAY'
  | 'DINERS'
  | 'DISCOVER'
  | 'ELO'
  | 'MAESTRO'
  | 'RUPAY'
  | 'MIR'
  | 'HIPERCARD';

/** One row of the table of schemes. */
export interface SchemeRule {
  /** As a shopper knows it. */
  readonly label: string;
  /** How many digits a number may have. */
  readonly lengths: readonly number[];
  /** How many digits the code on the card has. */
  readonly cvvLength: 3 | 4;
  /** First digits, single or as an inclusive range of equal width. Where schemes overlap, the longest prefix wins. */
  readonly prefixes: readonly (number | readonly [from: number, to: number])[];
}

/** Schemes and their rules. Prefixes as ISO/IEC 7812 registrants publish them; the sandbox's test cards included. */
export const schemes: Readonly<Record<Scheme, SchemeRule>> = {
  VISA: { label: 'Visa', lengths: [16, 18, 19], cvvLength: 3, prefixes: [4] },
  MASTERCARD: {
    label: 'Mastercard',
    lengths: [16],
    cvvLength: 3,
    prefixes: [
      [51, 55],
      [2221, 2720],
    ],
  },
  AMEX: { label: 'American Express', lengths: [15], cvvLength: 4, prefixes: [34, 37] },
  JCB: {
    label: 'JCB',
    lengths: [16, 17, 18, 19],
    cvvLength: 3,
    prefixes: [1800, 2131, [3088, 3094], [3096, 3102], [3112, 3120], [3158, 3159], [3337, 3349], [3528, 3589]],
  },
  UNIONPAY: {
    label: 'UnionPay',
    lengths: [14, 15, 16, 17, 18, 19],
    cvvLength: 3,
    prefixes: [
      620,
      [62100, 62182],
      [62184, 62197],
      [62200, 62205],
      [622010, 622999],
      [623, 626],
      6270,
      6272,
      6276,
      [627700, 627779],
      [627781, 627799],
      [6282, 6289],
      [6291, 6292],
      [8100, 8171],
    ],
  },
  DINERS: { label: 'Diners Club', lengths: [14, 16, 19], cvvLength: 3, prefixes: [[300, 305], 3095, 36, [38, 39]] },
  DISCOVER: { label: 'Discover', lengths: [16, 19], cvvLength: 3, prefixes: [6011, [644, 649], 65] },
  ELO: {
    label: 'Elo',
    lengths: [16],
    cvvLength: 3,
    prefixes: [
      [401178, 401179],
      431274,
      438935,
      451416,
      457393,
      [457631, 457632],
      504175,
      [506699, 506778],
      [509000, 509999],
      627780,
      636297,
      636368,
      [650031, 650033],
      [650035, 650051],
      [650405, 650439],
      [650485, 650538],
      [650541, 650598],
      [650700, 650718],
      [650720, 650727],
      [650901, 650978],
      [651652, 651679],
      [655000, 655019],
      [655021, 655058],
    ],
  },
  MAESTRO: {
    label: 'Maestro',
    lengths: [12, 13, 14, 15, 16, 17, 18, 19],
    cvvLength: 3,
    prefixes: [493698, [500000, 506698], [506779, 508999], [56, 59], 6],
  },
  RUPAY: {
    label: 'RuPay',
    lengths: [16],
    cvvLength: 3,
    prefixes: [
      [508500, 508999],
      [606985, 607984],
      [608001, 608500],
      [652150, 653149],
    ],
  },
  MIR: { label: 'Mir', lengths: [16, 17, 18, 19], cvvLength: 3, prefixes: [[2200, 2204]] },
  HIPERCARD: { label: 'Hipercard', lengths: [16], cvvLength: 3, prefixes: [606282] },
};

/** A card's last month. */
export interface Expiry {
  /** 1 to 12. */
  readonly month: number;
  /** 2000 to 2099. */
  readonly year: number;
}

const longestPrefix = 6;

/**
 * The scheme that a number, or what a shopper has typed of it so far, belongs to. Length and check digit are not looked at.
 *
 * @param digits - digits only; see `cleanPan`
 * @returns undefined when no scheme's prefix matches yet, or something else than digits comes first
 * @example schemeOf('2226900000000110') // 'MASTERCARD'
 */
export function schemeOf(digits: Digits): Scheme | undefined {
  let found: Scheme | undefined;
  let prefix = 0;
  for (let width = 1; width <= Math.min(longestPrefix, digits.length); width++) {
    const digit = digitAt(digits, width - 1);
    if (digit === undefined) return undefined;
    prefix = prefix * 10 + digit;
    found = schemeOfPrefix(prefix, width) ?? found;
  }
  return found;
}

/** The narrowest range wins: RuPay's 508500 to 508999 lie within a range of Maestro's, of equal width. */
function schemeOfPrefix(prefix: number, width: number): Scheme | undefined {
  let found: Scheme | undefined;
  let narrowest = Number.POSITIVE_INFINITY;
  for (const scheme of Object.keys(schemes) as Scheme[]) {
    for (const range of schemes[scheme].prefixes) {
      const [from, to] = typeof range === 'number' ? [range, range] : range;
      if (prefix < from || prefix > to || String(from).length !== width || to - from >= narrowest) continue;
      found = scheme;
      narrowest = to - from;
    }
  }
  return found;
}

/**
 * The check digit of ISO/IEC 7812-1 annex B. It finds every single wrong digit and most transpositions.
 *
 * @param digits - digits only; see `cleanPan`
 * @returns false also when there is no digit, or anything else than digits
 * @example passesLuhn('4111111111111111') // true
 */
export function passesLuhn(digits: Digits): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digitAt(digits, digits.length - 1 - i);
    if (digit === undefined) return false;
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/**
 * @param text - exactly `MM/YYYY`, the wire's form (contract section 6.1); years 2000 to 2099, as a card prints two digits
 * @returns undefined for any other form
 * @example parseExpiry('09/2028') // { month: 9, year: 2028 }
 */
export function parseExpiry(text: string): Expiry | undefined {
  const form = /^(0[1-9]|1[0-2])\/(20[0-9]{2})$/.exec(text);
  return form === null ? undefined : { month: Number(form[1]), year: Number(form[2]) };
}

/**
 * A card is good to the end of its last month, UTC.
 *
 * @param expiry - see `parseExpiry`
 * @param now - the moment to judge by
 * @example isExpired({ month: 2, year: 2028 }, new Date('2028-02-29T23:59:59Z')) // false
 */
export function isExpired({ month, year }: Expiry, now: Date): boolean {
  return now.getTime() >= Date.UTC(year, month);
}

/**
 * The only form in which a number may be shown or stored outside the vault: first six and last four (PCI DSS 3.4.1).
 *
 * @param digits - a whole PAN; of fewer than twelve digits nothing is shown
 * @example maskPan('4111111111111111') // '411111******1111'
 */
export function maskPan(digits: Digits): string {
  const shortestPan = 12;
  let masked = '';
  for (let i = 0; i < digits.length; i++) {
    const shown = digits.length >= shortestPan && (i < 6 || i >= digits.length - 4);
    masked += shown ? (digitAt(digits, i) ?? '*') : '*';
  }
  return masked;
}

/**
 * Takes out the spaces and dashes with which people write card numbers. Whatever else is in it stays, and fails `passesLuhn`.
 *
 * @param input - as typed
 * @example cleanPan('4111 1111-1111 1111') // '4111111111111111'
 */
export function cleanPan(input: string): string {
  return input.replace(/[\s\u2010-\u2015-]/g, '');
}

function digitAt(digits: Digits, index: number): number | undefined {
  const code = typeof digits === 'string' ? digits.charCodeAt(index) : (digits[index] ?? 0);
  return code >= 0x30 && code <= 0x39 ? code - 0x30 : undefined;
}
