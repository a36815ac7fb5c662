/** How a card's number and expiry are written while they are typed. */
import { cleanPan, schemeOf } from '@waffo/protocol/card';

/**
 * @param text - as typed so far; anything else than a number stays as it is
 * @returns in groups, as the card has it
 * @example groupDigits('378282246310005') // '3782 822463 10005'
 */
export function groupDigits(text: string): string {
  const digits = cleanPan(text);
  if (!/^\d{1,19}$/.test(digits)) return text;
  const scheme = schemeOf(digits);
  const isUneven = scheme === 'AMEX' || (scheme === 'DINERS' && digits.length <= 14);
  const groups = isUneven ? [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10)] : digits.match(/\d{1,4}/g);
  return (groups ?? []).filter((group) => group !== '').join(' ');
}

/**
 * @param text - as typed so far
 * @returns with the slash that the shopper need not type
 * @example withSlash('0928') // '09/28'
 */
export function withSlash(text: string): string {
  const whole = text.replace(/^([2-9])(?=\D|$)/, '0$1').replace(/\s*[/-][\s/-]*/, '/');
  return whole.replace(/^(0[1-9]|1[0-2])(?!\/)/, '$1/');
}
