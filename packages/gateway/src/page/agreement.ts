/** What a shopper agrees to when he subscribes: the trial, the first payment, each price, and how many payments there are. */
import { type Cycle, lastPeriodOf, startOf, trialPeriodsOf } from '../subscription/period.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { amountOf, firstCharged, isFree, type Terms } from '../subscription/terms.ts';
import { decimalIn } from './challenge-markup.ts';
import type { Locale } from './challenge-text.ts';
import { type Html, html } from './html.ts';
import { agreementTexts, dateIn, lengthIn, planIn } from './plan-text.ts';

/** Periods that follow each other and cost the same. */
interface Step {
  readonly first: number;
  /** How many; undefined: without end. */
  readonly periods: number | undefined;
  readonly amount: string;
  readonly cycle: Cycle;
}

/** @param now - when the first period begins, if he agrees at once */
export function agreementOf(
  locale: Locale,
  { currency, terms }: Pick<Subscription, 'currency' | 'terms'>,
  now: Date,
): Html {
  const text = agreementTexts[locale];
  const { plan } = terms;
  const steps = stepsOf(terms);
  const money = (amount: string) => decimalIn(locale, amount, currency);
  const on = (period: number) => dateIn(locale, startOf({ plan, anchor: now, anchorPeriod: 1 }, period));
  const lineOf = ({ first, periods, amount, cycle }: Step): Html =>
    periods === 1
      ? html`<li>${on(first)}: ${money(amount)}</li>`
      : html`<li>${text.from(on(first))}: ${planIn(locale, money(amount), cycle)}</li>`;
  const first = firstCharged(terms, 1);
  const trial = plan.trial && { ...plan.trial, interval: plan.trial.interval * plan.trial.periods };
  const isFreeTrial = trial !== undefined && isFree(amountOf(terms, 1));
  const paid = steps.filter(({ amount }) => !isFree(amount));
  return html`<dl>
      ${trial && html`<div><dt>${text.trial}</dt><dd>${lengthIn(locale, trial)}${isFreeTrial && html` · ${text.free}`}</dd></div>`}
      ${first !== undefined && html`<div><dt>${text.first}</dt><dd>${on(first)}, ${money(amountOf(terms, first))}</dd></div>`}
      ${paid.length > 1 && html`<div><dt>${text.prices}</dt><dd><ul>${paid.map(lineOf).reduce((all, line) => html`${all}${line}`)}</ul></dd></div>`}
      <div><dt>${text.payments}</dt><dd>${countOf(paid) ?? text.endless}</dd></div>
    </dl>`;
}

function stepsOf(terms: Terms): Step[] {
  const { plan, scheduled, credited = {} } = terms;
  const trials = trialPeriodsOf(plan);
  const last = lastPeriodOf(plan) ?? Number.POSITIVE_INFINITY;
  // From here on every period costs what the last one does.
  const settled = Math.max(trials, ...[...Object.keys(scheduled), ...Object.keys(credited)].map(Number)) + 1;
  const steps: Step[] = [];
  for (let period = 1; period <= Math.min(settled, last); period++) {
    const amount = amountOf(terms, period);
    const cycle = plan.trial !== undefined && period <= trials ? plan.trial : plan.cycle;
    const follows = period < settled ? 1 : last - period + 1;
    const periods = Number.isFinite(follows) ? follows : undefined;
    const before = steps.at(-1);
    if (before?.periods === undefined || before.amount !== amount || before.cycle !== cycle) {
      steps.push({ first: period, periods, amount, cycle });
    } else {
      steps[steps.length - 1] = { ...before, periods: periods && before.periods + periods };
    }
  }
  return steps;
}

/** Undefined: without end. */
const countOf = (paid: readonly Step[]): number | undefined =>
  paid.reduce<number | undefined>((sum, { periods }) => (periods && sum !== undefined ? sum + periods : undefined), 0);
