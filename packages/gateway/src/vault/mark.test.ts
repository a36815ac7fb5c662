import { createHmac, createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Keyring } from './keyring.ts';
import { marksOf } from './mark.ts';

const key = createSecretKey(Buffer.alloc(32, 7));
const asked: string[] = [];
const keyring = {
  dataKey: async (merchantId: string, purpose: string) => {
    asked.push(`${merchantId}/${purpose}`);
    return { keyId: 'k', key };
  },
} as unknown as Keyring;
const pan = Buffer.from('4111111111111111');
const dayMs = 86_400_000;
const marks = (kind: string, subject: Buffer, now: Date) => marksOf({ keyring }, kind, subject, now);
/** A Thursday, as weeks are counted from 1 January 1970. */
const thursday = new Date(2_950 * 7 * dayMs);

test('a mark is eight bytes of a keyed hash over its kind, its week and its subject, under a key of the system', async () => {
  const expected = createHmac('sha256', key).update('limits/4:card/2950/4111111111111111').digest().subarray(0, 8);
  expect((await marks('card', pan, thursday)).mark).toEqual(expected);
  expect(asked.at(-1)).toBe('/fingerprint');
});

test('a count that began in one week goes on in the next, and then ends', async () => {
  const first = await marks('card', pan, new Date(thursday.getTime() + 7 * dayMs - 1));
  const next = await marks('card', pan, new Date(thursday.getTime() + 7 * dayMs));
  expect((await marks('card', pan, thursday)).mark).toEqual(first.mark);
  expect(next.before).toEqual(first.mark);
  expect(next.mark).not.toEqual(first.mark);
  const later = await marks('card', pan, new Date(thursday.getTime() + 14 * dayMs));
  expect([later.mark, later.before]).not.toContainEqual(first.mark);
});

test('marks of two kinds or two subjects have nothing in common, also where one kind begins like another', async () => {
  const { mark } = await marks('card', pan, thursday);
  expect((await marks('user', pan, thursday)).mark).not.toEqual(mark);
  expect((await marks('card', Buffer.from('4111111111111112'), thursday)).mark).not.toEqual(mark);
  expect((await marks('card/2950/4', pan.subarray(1), thursday)).mark).not.toEqual(mark);
});
