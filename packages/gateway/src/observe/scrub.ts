/**
 * Replaces what looks like a card number: 13 to 19 digits, also spaced or dashed, that pass the Luhn check. The ids of our own
 * rows and requests are UUIDs, and some have such digits: what has the whole form of one (RFC 9562) stays.
 */
import { passesLuhn } from '@waffo/protocol/card';

const uuid = '(?<![0-9a-z-])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-z-])';
const uuidOrDigits = new RegExp(`(?<id>${uuid})|\\d+(?:[ -]\\d+)*`, 'gi');
const shortest = 13;
const longest = 19;

/**
 * @param text - any text
 * @returns the text with each number that looks like a PAN replaced by `[pan]`
 * @example scrub('card 4111 1111 1111 1111') // 'card [pan]'
 */
export function scrub(text: string): string {
  return text.replace(uuidOrDigits, (run, id) => (id !== undefined || run.length < shortest ? run : scrubGroups(run)));
}

/** A PAN may stand between other numbers, so every row of whole groups is tried, the longest first. */
function scrubGroups(run: string): string {
  const parts = run.split(/([ -])/);
  let scrubbed = '';
  for (let at = 0; at < parts.length; ) {
    const end = at % 2 === 0 ? panEnd(parts, at) : undefined;
    scrubbed += end === undefined ? parts[at] : '[pan]';
    at = end ?? at + 1;
  }
  return scrubbed;
}

/** Groups are at even places, what separates them at odd ones. */
function panEnd(parts: readonly string[], start: number): number | undefined {
  let digits = '';
  let found: number | undefined;
  for (let at = start; at < parts.length && digits.length <= longest; at += 2) {
    digits += parts[at];
    if (digits.length >= shortest && digits.length <= longest && passesLuhn(digits)) found = at + 1;
  }
  return found;
}
