import { expect, test } from 'vitest';
import { planIn } from './plan-text.ts';

test.each([
  ['en', 'MONTHLY', 1, 'HKD 9.00 every month'],
  ['en', 'MONTHLY', 3, 'HKD 9.00 every 3 months'],
  ['en', 'MONTHLY', 24, 'HKD 9.00 every 2 years'],
  ['en', 'DAILY', 1, 'HKD 9.00 every day'],
  ['zh-Hant', 'MONTHLY', 12, '每年 HKD 9.00'],
  ['zh-Hans', 'WEEKLY', 2, '每 2 周 HKD 9.00'],
  ['ja', 'WEEKLY', 1, '毎週 HKD 9.00'],
] as const)('%s says %s × %s as %s', (locale, type, interval, said) => {
  expect(planIn(locale, 'HKD 9.00', { type, interval })).toBe(said);
});
