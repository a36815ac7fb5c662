/** Replaces what looks like a card number: 13 to 19 digits, also spaced or dashed, that pass the Luhn check. */
import { passesLuhn } from '@waffo/protocol/card';

const digitRun = /\d(?:[ -]?\d){12,18}(?!\d)/g;

/**
 * @param text - any text
 * @returns the text with each number that looks like a PAN replaced by `[pan]`
 * @example scrub('card 4111 1111 1111 1111') // 'card [pan]'
 */
export function scrub(text: string): string {
  return text.replace(digitRun, (run) => (passesLuhn(run.replace(/\D/g, '')) ? '[pan]' : run));
}
