import { describe, expect, test } from 'vitest';
import { isForGood, retryAt, rulesOf } from './retry.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const again = (settings: object, failed: { tries: number; code?: string }) =>
  retryAt(rulesOf(settings), { code: 'INSUFFICIENT_FUNDS', ...failed, now })?.toISOString();

describe('a renewal that failed', () => {
  test('is tried twice in all, a day apart, unless the merchant says otherwise', () => {
    expect(again({}, { tries: 1 })).toBe('2026-11-24T12:00:00.000Z');
    expect(again({}, { tries: 2 })).toBeUndefined();
    const settings = { renewalAttempts: 3, renewalRetryHours: 6 };
    expect(again(settings, { tries: 2 })).toBe('2026-11-23T18:00:00.000Z');
    expect(again(settings, { tries: 3 })).toBeUndefined();
  });

  test('is not tried again when the issuer declined for good', () => {
    for (const code of ['LOST_OR_STOLEN', 'INVALID_CARD_NUMBER', 'SUSPECTED_FRAUD'])
      expect(again({ renewalAttempts: 10 }, { tries: 1, code })).toBeUndefined();
  });

  test('ends the subscription only when no later period could be paid either', () => {
    expect(['A0023', 'EXPIRED_CARD', 'LOST_OR_STOLEN'].filter((code) => !isForGood(code))).toEqual([]);
    const passing = ['A0037', 'A0021', 'INSUFFICIENT_FUNDS', 'DO_NOT_HONOR', 'ISSUER_UNAVAILABLE', undefined];
    expect(passing.filter(isForGood)).toEqual([]);
  });
});
