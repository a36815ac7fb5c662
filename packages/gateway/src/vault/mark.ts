/**
 * Marks: what the limits count under in the place of a card, a user or an address. Eight bytes of a keyed hash, under a key
 * of the system that changes weekly, so that a table of counts tells nobody whom it is about.
 */
import { createHmac } from 'node:crypto';
import type { Keyring } from './keyring.ts';

const weekMs = 7 * 24 * 60 * 60_000;
const markBytes = 8;

/**
 * @param kind - marks of different kinds have nothing in common, e.g. `card`
 * @param subject - e.g. a PAN's ASCII digits; it is not kept
 * @param now - which week's key
 * @returns the mark of this week and that of the last: a count that began before midnight goes on
 */
export async function marksOf(
  { keyring }: { readonly keyring: Keyring },
  kind: string,
  subject: Uint8Array,
  now: Date,
): Promise<{ readonly mark: Buffer; readonly before: Buffer }> {
  const { key } = await keyring.dataKey('', 'fingerprint');
  const week = Math.floor(now.getTime() / weekMs);
  const markIn = (number: number): Buffer =>
    createHmac('sha256', key)
      .update(`limits/${kind.length}:${kind}/${number}/`)
      .update(subject)
      .digest()
      .subarray(0, markBytes);
  return { mark: markIn(week), before: markIn(week - 1) };
}
