/** How card fields are written, and which form mistakes a page can name at once. What is right beyond that, the SDK and the gateway say. */

/** As printed on cards. The order matters: the first that fits is it. */
const schemes = [
  { scheme: 'AMEX', label: 'American Express', begins: /^3[47]/, groups: [4, 6, 5] },
  { scheme: 'DINERS', label: 'Diners Club', begins: /^3(?:0[0-5]|095|[689])/, groups: [4, 6, 4] },
  { scheme: 'JCB', label: 'JCB', begins: /^(?:35(?:2[89]|[3-8])|30(?:8[89]|9))/, groups: [4, 4, 4, 4, 3] },
  { scheme: 'VISA', label: 'Visa', begins: /^4/, groups: [4, 4, 4, 4, 3] },
  {
    scheme: 'MASTERCARD',
    label: 'Mastercard',
    begins: /^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/,
    groups: [4, 4, 4, 4],
  },
  { scheme: 'DISCOVER', label: 'Discover', begins: /^(?:6011|64[4-9]|65)/, groups: [4, 4, 4, 4, 3] },
  { scheme: 'UNIONPAY', label: 'UnionPay', begins: /^62/, groups: [4, 4, 4, 4, 3] },
];

const plainGroups = [4, 4, 4, 4, 3];

/** @param {string} text */
export const digitsOf = (text) => text.replace(/\D/g, '');

/**
 * @param {string} number - as typed so far
 * @returns {string} the scheme as a shopper knows it, or nothing yet
 */
export const schemeLabelOf = (number) => schemeOf(digitsOf(number))?.label ?? '';

/** @param {string} scheme - the wire's word @returns {string} */
export const labelOf = (scheme) => schemes.find((row) => row.scheme === scheme)?.label ?? scheme;

/** @param {string} digits */
const schemeOf = (digits) => schemes.find(({ begins }) => begins.test(digits));

/**
 * @param {string} text - as typed
 * @returns {string} in groups, as the card has it
 * @example formatNumber('378282246310005') // '3782 822463 10005'
 */
export function formatNumber(text) {
  const digits = digitsOf(text).slice(0, 19);
  const groups = digits.length > 16 ? plainGroups : (schemeOf(digits)?.groups ?? plainGroups);
  const parts = [];
  let at = 0;
  for (const length of groups) {
    if (at >= digits.length) break;
    parts.push(digits.slice(at, at + length));
    at += length;
  }
  if (at < digits.length) parts.push(digits.slice(at));
  return parts.join(' ');
}

/**
 * @param {string} text - as typed or filled in: `0930`, `9/30`, `09/2030`
 * @returns {string} `09 / 30` while it can still become a date
 */
export function formatExpiry(text) {
  const single = /^\s*([1-9])\s*\/(.*)$/.exec(text);
  const digits = digitsOf(single ? `0${single[1]}${single[2]}` : text).slice(0, 6);
  const whole = /^[2-9]$/.test(digits) ? `0${digits}` : digits;
  return whole.length > 2 ? `${whole.slice(0, 2)} / ${whole.slice(2)}` : whole;
}

/**
 * @param {string} text - `MM / YY` or `MM / YYYY`
 * @returns {string | undefined} `MM/YYYY` as the SDK wants it
 */
export function expiryOnWire(text) {
  const form = /^(0[1-9]|1[0-2])\s*\/\s*(\d{2}|20\d{2})$/.exec(text.trim());
  return form ? `${form[1]}/${form[2]?.padStart(4, '20')}` : undefined;
}

/** Field → what is wrong with it, or nothing. @type {Record<string, (text: string) => string>} */
export const mistakes = {
  pan: (text) => (/^\d{12,19}$/.test(digitsOf(text)) ? '' : 'Enter the whole card number.'),
  name: (text) => (text.trim() ? '' : 'Enter the name as it is on the card.'),
  expiry: (text) => (expiryOnWire(text) ? '' : 'Enter the date as MM / YY.'),
  cvv: (text) => (/^\d{3,4}$/.test(text.trim()) ? '' : 'Enter the 3 or 4 digits of the code.'),
};
