import { describe, expect, test } from 'vitest';
import { nextTryAt } from './scheme-retries.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const day = 86_400_000;
/** So many declines, the latest first, evenly over these days. */
const declines = (count: number, days: number): Date[] =>
  Array.from({ length: count }, (_, at) => new Date(now.getTime() - (at * days * day) / count));

describe('a card is charged again without its holder', () => {
  test.each([
    ['VISA', 19, 29, undefined],
    ['VISA', 20, 29, 'later'],
    ['VISA', 35, 60, undefined],
    ['MASTERCARD', 9, 0.9, undefined],
    ['MASTERCARD', 10, 0.9, 'later'],
    ['MASTERCARD', 34, 29, undefined],
    ['MASTERCARD', 35, 29, 'later'],
    ['JCB', 35, 0.5, undefined],
  ] as const)('%s, after %i declines within %d days: %s', (scheme, count, days, when) => {
    expect(nextTryAt(scheme, declines(count, days), now) === undefined).toBe(when === undefined);
  });

  test('again when the first of those that count is out of the window', () => {
    const next = nextTryAt('VISA', declines(20, 20), now);
    expect(next).toEqual(new Date(now.getTime() - 19 * day + 30 * day));
    expect(nextTryAt('VISA', declines(20, 20), next ?? now)).toBeUndefined();
  });
});
