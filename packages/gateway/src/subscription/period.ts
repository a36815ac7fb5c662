/**
 * The calendar of a subscription: when its n-th period begins. Pure, and in UTC. Every date is counted from the anchor and
 * never from the date before it, so a month that is too short moves one date and not all that follow.
 */

/** Contract section 15.6. A year is `MONTHLY` with an interval of 12. */
export type PeriodType = 'DAILY' | 'WEEKLY' | 'MONTHLY';

/** How long a period is: `interval` days, weeks or months, a positive integer. */
export interface Cycle {
  readonly type: PeriodType;
  readonly interval: number;
}

export interface Plan {
  readonly cycle: Cycle;
  /** Periods that come first, with a length of their own. */
  readonly trial: (Cycle & { readonly periods: number }) | undefined;
  /** How many periods follow the trial; undefined: without end. */
  readonly periods: number | undefined;
}

/** A plan on the calendar: `anchor` is when period `anchorPeriod` began. The first period is 1. */
export interface Schedule {
  readonly plan: Plan;
  readonly anchor: Date;
  readonly anchorPeriod: number;
}

const dayMs = 24 * 3_600_000;

/** How many periods are trials. */
export const trialPeriodsOf = ({ trial }: Plan): number => trial?.periods ?? 0;

/** The number of the last period; undefined: without end. */
export const lastPeriodOf = (plan: Plan): number | undefined =>
  plan.periods === undefined ? undefined : trialPeriodsOf(plan) + plan.periods;

/**
 * When a period begins, which is when the one before it ends.
 *
 * @param period - not before the anchor's
 * @returns the anchor's time of day, UTC; in a month without the anchor's day, the month's last one
 * @example startOf({ plan: monthly, anchor: new Date('2028-01-31T10:00:00Z'), anchorPeriod: 1 }, 2) // 2028-02-29T10:00:00Z
 */
export function startOf({ plan, anchor, anchorPeriod }: Schedule, period: number): Date {
  const firstPaid = trialPeriodsOf(plan) + 1;
  const trials = Math.min(period, firstPaid) - Math.min(anchorPeriod, firstPaid);
  const others = period - anchorPeriod - trials;
  const { cycle, trial } = plan;
  if (trial === undefined || trials === 0) return later(anchor, cycle, others);
  // Months of both kinds are counted together: a trial that ends in February does not shorten the months after it.
  if (trial.type === 'MONTHLY' && cycle.type === 'MONTHLY') {
    return monthsLater(anchor, trials * trial.interval + others * cycle.interval);
  }
  return later(later(anchor, trial, trials), cycle, others);
}

function later(from: Date, { type, interval }: Cycle, times: number): Date {
  if (type === 'MONTHLY') return monthsLater(from, interval * times);
  return new Date(from.getTime() + interval * times * (type === 'WEEKLY' ? 7 : 1) * dayMs);
}

function monthsLater(from: Date, months: number): Date {
  const moved = new Date(from);
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  moved.setUTCDate(Math.min(from.getUTCDate(), daysIn(moved)));
  return moved;
}

/** Day 0 of the next month is this one's last. */
const daysIn = (month: Date): number =>
  new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate();
