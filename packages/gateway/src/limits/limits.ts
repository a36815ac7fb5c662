/** The limits of this gateway, as it was set up. `limit.ts` has the rules, this file says whether they hold. */
import type { Config } from '../config.ts';
import { type CallRates, limitCallRates, unlimited } from './call-rates.ts';
import { type CardTries, unwatched, watchCardTries } from './card-tries.ts';
import { limitRetries, type SchemeRetries, unlimitedRetries } from './scheme-retries.ts';

export interface Limits {
  readonly cardTries: CardTries;
  readonly callRates: CallRates;
  readonly schemeRetries: SchemeRetries;
}

export const noLimits: Limits = {
  cardTries: unwatched,
  callRates: unlimited,
  schemeRetries: unlimitedRetries,
};

/** @param deps.database - that shows all merchants */
export function openLimits(
  deps: { readonly config: Pick<Config, 'limits'> } & Omit<Parameters<typeof watchCardTries>[0], 'holdOnAlarm'>,
): Limits {
  const { limits } = deps.config;
  if (limits === undefined) return noLimits;
  return {
    cardTries: watchCardTries({ ...deps, holdOnAlarm: limits.holdOnAlarm }),
    callRates: limitCallRates(deps, { calls: limits.merchantRate, touches: limits.networkRate }),
    schemeRetries: limitRetries(deps),
  };
}
