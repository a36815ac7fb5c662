import { expect, test } from 'vitest';
import { declineReasons } from '../declines.ts';
import { meaningOf } from './response-codes.ts';

test.each([
  ['00', 'approved'],
  ['51', 'INSUFFICIENT_FUNDS'],
  ['54', 'EXPIRED_CARD'],
  ['43', 'LOST_OR_STOLEN'],
  ['91', 'ISSUER_UNAVAILABLE'],
])('code %s is %s', (code, meaning) => expect(meaningOf(code)).toBe(meaning));

test.each(['10', '09', '68', '94', 'ZZ', '', undefined])(
  'code %s may have moved money, and is never taken for an approval or a decline',
  (code) => expect(meaningOf(code)).toBe('unknown'),
);

test('every code means an approval, an unknown or a reason of the closed list', () => {
  const known = new Set(['approved', 'unknown', ...Object.keys(declineReasons)]);
  const codes = Array.from({ length: 100 }, (_, code) => String(code).padStart(2, '0'));
  expect(codes.filter((code) => !known.has(meaningOf(code)))).toEqual([]);
});
