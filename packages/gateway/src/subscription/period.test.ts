import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cycle, lastPeriodOf, type PeriodType, type Plan, type Schedule, startOf } from './period.ts';

const dayMs = 24 * 3_600_000;
const everyAnchor = fc.date({
  min: new Date('2024-01-01T00:00:00.000Z'),
  max: new Date('2032-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const everyPeriod = fc.integer({ min: 1, max: 400 });
const everyCycle: fc.Arbitrary<Cycle> = fc.record({
  type: fc.constantFrom<PeriodType>('DAILY', 'WEEKLY', 'MONTHLY'),
  interval: fc.integer({ min: 1, max: 24 }),
});
const everyPlan: fc.Arbitrary<Plan> = fc.record({
  cycle: everyCycle,
  trial: fc.option(
    fc.tuple(everyCycle, fc.integer({ min: 1, max: 6 })).map(([cycle, periods]) => ({ ...cycle, periods })),
    { nil: undefined },
  ),
  periods: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
});

const planOf = (type: PeriodType, interval = 1, trial?: Plan['trial']): Plan => ({
  cycle: { type, interval },
  trial,
  periods: undefined,
});
const from = (anchor: Date | string, plan: Plan): Schedule => ({ plan, anchor: new Date(anchor), anchorPeriod: 1 });
const datesOf = (schedule: Schedule, periods: readonly number[]) =>
  periods.map((period) => startOf(schedule, period).toISOString().slice(0, 10));
/** Without the calendar's own arithmetic: months since the year 0. */
const monthOf = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth();
const isLastOfMonth = (date: Date) => new Date(date.getTime() + dayMs).getUTCDate() === 1;

describe('a period', () => {
  test('that is the anchor`s own begins at the anchor', () => {
    fc.assert(
      fc.property(everyAnchor, everyPlan, everyPeriod, (anchor, plan, anchorPeriod) => {
        expect(startOf({ plan, anchor, anchorPeriod }, anchorPeriod)).toEqual(anchor);
      }),
    );
  });

  test('begins after the one before it, at the same time of day', () => {
    fc.assert(
      fc.property(everyAnchor, everyPlan, everyPeriod, (anchor, plan, period) => {
        const start = startOf(from(anchor, plan), period);
        const next = startOf(from(anchor, plan), period + 1);
        expect(next.getTime()).toBeGreaterThan(start.getTime());
        expect(next.getTime() % dayMs).toBe(anchor.getTime() % dayMs);
      }),
    );
  });

  test('of months never skips a month and never drifts to an earlier day', () => {
    fc.assert(
      fc.property(everyAnchor, fc.integer({ min: 1, max: 24 }), everyPeriod, (anchor, interval, period) => {
        const start = startOf(from(anchor, planOf('MONTHLY', interval)), period);
        expect(monthOf(start) - monthOf(anchor)).toBe(interval * (period - 1));
        const day = anchor.getUTCDate();
        if (start.getUTCDate() !== day) expect(isLastOfMonth(start) && start.getUTCDate() < day).toBe(true);
      }),
    );
  });

  test('of days or weeks is exactly as long as it says, also over a leap day', () => {
    fc.assert(
      fc.property(everyAnchor, fc.integer({ min: 1, max: 24 }), everyPeriod, (anchor, interval, period) => {
        const days = (type: PeriodType) =>
          (startOf(from(anchor, planOf(type, interval)), period).getTime() - anchor.getTime()) / dayMs;
        expect(days('DAILY')).toBe(interval * (period - 1));
        expect(days('WEEKLY')).toBe(7 * interval * (period - 1));
      }),
    );
  });

  test('is the same whether its anchor is far or near, when no month was too short', () => {
    fc.assert(
      fc.property(everyAnchor, everyPlan, everyPeriod, everyPeriod, (anchor, plan, near, ahead) => {
        fc.pre(anchor.getUTCDate() <= 28 && plan.trial === undefined);
        const moved = { plan, anchor: startOf(from(anchor, plan), near), anchorPeriod: near };
        expect(startOf(moved, near + ahead)).toEqual(startOf(from(anchor, plan), near + ahead));
      }),
    );
  });

  test.each([
    ['2027-01-31', ['2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31']],
    ['2028-01-31', ['2028-02-29', '2028-03-31', '2028-04-30', '2028-05-31']],
    ['2028-02-29', ['2028-03-29', '2028-04-29', '2028-05-29', '2028-06-29']],
    ['2026-11-30', ['2026-12-30', '2027-01-30', '2027-02-28', '2027-03-30']],
  ])('of a month from %s', (anchor, dates) => {
    expect(datesOf(from(`${anchor}T23:30:00.000Z`, planOf('MONTHLY')), [2, 3, 4, 5])).toEqual(dates);
  });

  test('of a year from a leap day is on a leap day again after four years', () => {
    const years = from('2028-02-29T00:00:00.000Z', planOf('MONTHLY', 12));
    expect(datesOf(years, [2, 3, 4, 5])).toEqual(['2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29']);
  });

  test('after a trial of days is counted from the end of the trial', () => {
    const plan = planOf('MONTHLY', 1, { type: 'DAILY', interval: 7, periods: 1 });
    expect(datesOf(from('2027-01-24T10:00:00.000Z', plan), [2, 3, 4])).toEqual([
      '2027-01-31',
      '2027-02-28',
      '2027-03-31',
    ]);
  });

  test('after a trial of months keeps the day that the subscription began on', () => {
    const plan = planOf('MONTHLY', 1, { type: 'MONTHLY', interval: 1, periods: 1 });
    expect(datesOf(from('2027-01-31T10:00:00.000Z', plan), [2, 3])).toEqual(['2027-02-28', '2027-03-31']);
  });
});

describe('the last period', () => {
  test.each([
    [{ ...planOf('MONTHLY'), periods: 12 }, 12],
    [{ ...planOf('MONTHLY', 1, { type: 'DAILY', interval: 7, periods: 2 }), periods: 12 }, 14],
    [planOf('MONTHLY'), undefined],
  ])('counts the trial and what follows it', (plan, last) => {
    expect(lastPeriodOf(plan)).toBe(last);
  });
});
