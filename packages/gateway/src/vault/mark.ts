/**
 * Marks: what the limits count under in the place of a card, a user or an address. Eight bytes of a hash under one key of the
 * system. The number of the week, or of a longer period, is part of what is hashed: without the key a table of counts tells
 * nobody whom it is about, nor which marks of two periods belong together.
 */
import { createHmac } from 'node:crypto';
import type { Keyring } from './keyring.ts';

const weekMs = 7 * 24 * 60 * 60_000;
const markBytes = 8;

/**
 * @param kind - marks of different kinds have nothing in common, e.g. `card`
 * @param subject - e.g. a PAN's ASCII digits; it is not kept
 * @param now - in which period
 * @param periodMs - how long a mark stays; a week when absent
 * @returns the mark of this period and that of the last: a count that began before midnight goes on
 */
export async function marksOf(
  { keyring }: { readonly keyring: Keyring },
  kind: string,
  subject: Uint8Array,
  now: Date,
  periodMs = weekMs,
): Promise<{ readonly mark: Buffer; readonly before: Buffer }> {
  const { key } = await keyring.dataKey('', 'fingerprint');
  const period = Math.floor(now.getTime() / periodMs);
  const markIn = (number: number): Buffer =>
    createHmac('sha256', key)
      .update(`limits/${kind.length}:${kind}/${number}/`)
      .update(subject)
      .digest()
      .subarray(0, markBytes);
  return { mark: markIn(period), before: markIn(period - 1) };
}
