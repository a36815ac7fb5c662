/** How often a subscription is paid, in words. */
import type { Cycle, PeriodType } from '../subscription/period.ts';
import type { Locale } from './challenge-text.ts';

type Unit = PeriodType | 'YEARLY';

/** Of one, and of several. */
type Words = readonly [one: string, several: (interval: number) => string];

const words: Readonly<Record<Locale, Readonly<Record<Unit, Words>>>> = {
  en: {
    DAILY: ['every day', (interval) => `every ${interval} days`],
    WEEKLY: ['every week', (interval) => `every ${interval} weeks`],
    MONTHLY: ['every month', (interval) => `every ${interval} months`],
    YEARLY: ['every year', (interval) => `every ${interval} years`],
  },
  'zh-Hans': {
    DAILY: ['每天', (interval) => `每 ${interval} 天`],
    WEEKLY: ['每周', (interval) => `每 ${interval} 周`],
    MONTHLY: ['每月', (interval) => `每 ${interval} 个月`],
    YEARLY: ['每年', (interval) => `每 ${interval} 年`],
  },
  'zh-Hant': {
    DAILY: ['每天', (interval) => `每 ${interval} 天`],
    WEEKLY: ['每週', (interval) => `每 ${interval} 週`],
    MONTHLY: ['每月', (interval) => `每 ${interval} 個月`],
    YEARLY: ['每年', (interval) => `每 ${interval} 年`],
  },
  ja: {
    DAILY: ['毎日', (interval) => `${interval}日ごと`],
    WEEKLY: ['毎週', (interval) => `${interval}週間ごと`],
    MONTHLY: ['毎月', (interval) => `${interval}か月ごと`],
    YEARLY: ['毎年', (interval) => `${interval}年ごと`],
  },
};

/**
 * @param amount - as it is shown, e.g. `HKD 100.00`
 * @example planIn('en', 'HKD 100.00', { type: 'MONTHLY', interval: 12 }) // 'HKD 100.00 every year'
 */
export function planIn(locale: Locale, amount: string, { type, interval }: Cycle): string {
  const isYears = type === 'MONTHLY' && interval % 12 === 0;
  const [one, several] = words[locale][isYears ? 'YEARLY' : type];
  const times = isYears ? interval / 12 : interval;
  const often = times === 1 ? one : several(times);
  return locale === 'en' ? `${amount} ${often}` : `${often} ${amount}`;
}
