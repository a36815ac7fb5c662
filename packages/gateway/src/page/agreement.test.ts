import { expect, test } from 'vitest';
import type { Terms } from '../subscription/terms.ts';
import { agreementOf } from './agreement.ts';

const monthly = { type: 'MONTHLY', interval: 1 } as const;
const now = new Date('2026-11-30T12:00:00Z');

const said = (terms: Partial<Terms>, locale: 'en' | 'ja' = 'en') =>
  agreementOf(
    locale,
    {
      currency: 'HKD',
      terms: {
        plan: { cycle: monthly, trial: undefined, periods: undefined },
        amount: '100.00',
        scheduled: {},
        ...terms,
      },
    },
    now,
  )
    .text.replace(/\s*<\/?(?:li|dt|dl|div|ul)>\s*/g, '|')
    .replace(/<\/?dd>/g, '')
    .replaceAll('\u00a0', ' ')
    .split(/\|+/)
    .filter((text) => text.trim() !== '')
    .map((text) => text.trim());

test('who subscribes without a trial pays at once, until he cancels', () => {
  expect(said({})).toEqual(['First payment', '30 November 2026, HKD 100.00', 'Number of payments', 'until you cancel']);
});

test('a free trial tells its length, and when what is charged afterwards; only payments are counted', () => {
  const plan = { cycle: monthly, trial: { type: 'WEEKLY', interval: 2, periods: 2 } as const, periods: 12 };
  expect(said({ plan, trialAmount: '0' })).toEqual([
    'Trial',
    '4 weeks · free',
    'First payment',
    '28 December 2026, HKD 100.00',
    'Number of payments',
    '12',
  ]);
  expect(said({ plan, trialAmount: '0' }, 'ja').slice(0, 2)).toEqual(['お試し期間', '4 週間 · 無料']);
});

test('prices that change are told by the day from which they are charged', () => {
  const plan = { cycle: monthly, trial: { ...monthly, periods: 1 }, periods: 5 };
  expect(said({ plan, trialAmount: '9.00', scheduled: { 3: '50.00', 4: '50.00' } }).slice(2, -2)).toEqual([
    'First payment',
    '30 November 2026, HKD 9.00',
    'Prices',
    '30 November 2026: HKD 9.00',
    '30 December 2026: HKD 100.00',
    'from 30 January 2027: HKD 50.00 every month',
    'from 30 March 2027: HKD 100.00 every month',
  ]);
});

test('what a credit pays is charged later, and is no payment', () => {
  expect(said({ credited: { 1: '0.00', 2: '40.00' } })).toEqual([
    'First payment',
    '30 December 2026, HKD 40.00',
    'Prices',
    '30 December 2026: HKD 40.00',
    'from 30 January 2027: HKD 100.00 every month',
    'Number of payments',
    'until you cancel',
  ]);
});
