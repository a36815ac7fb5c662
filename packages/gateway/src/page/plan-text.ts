/** How often a subscription is paid, from when, and for how long, in words. */
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

/** In UTC, as periods are counted. */
export const dateIn = (locale: Locale, date: Date, dateStyle: 'long' | 'medium' = 'long'): string =>
  new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { dateStyle, timeZone: 'UTC' }).format(date);

const units: Readonly<Record<PeriodType, string>> = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month' };

/** @example lengthIn('en', { type: 'MONTHLY', interval: 2 }) // '2 months' */
export const lengthIn = (locale: Locale, { type, interval }: Cycle): string =>
  new Intl.NumberFormat(locale, { style: 'unit', unit: units[type], unitDisplay: 'long' }).format(interval);

/** What stands before the parts of an agreement. */
export interface AgreementText {
  readonly trial: string;
  readonly free: string;
  readonly first: string;
  readonly prices: string;
  readonly from: (date: string) => string;
  readonly payments: string;
  readonly endless: string;
}

export const agreementTexts: Readonly<Record<Locale, AgreementText>> = {
  en: {
    trial: 'Trial',
    free: 'free',
    first: 'First payment',
    prices: 'Prices',
    from: (date) => `from ${date}`,
    payments: 'Number of payments',
    endless: 'until you cancel',
  },
  'zh-Hans': {
    trial: '试用期',
    free: '免费',
    first: '首次扣款',
    prices: '价格',
    from: (date) => `${date}起`,
    payments: '扣款次数',
    endless: '直至您取消',
  },
  'zh-Hant': {
    trial: '試用期',
    free: '免費',
    first: '首次扣款',
    prices: '價格',
    from: (date) => `${date}起`,
    payments: '扣款次數',
    endless: '直至您取消',
  },
  ja: {
    trial: 'お試し期間',
    free: '無料',
    first: '初回のお支払い',
    prices: '料金',
    from: (date) => `${date}から`,
    payments: 'お支払い回数',
    endless: '解約されるまで',
  },
};
