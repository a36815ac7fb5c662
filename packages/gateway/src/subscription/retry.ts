/**
 * What follows a renewal that failed (contract section 12.8). How often and when it is tried again is the merchant's to say; what
 * an issuer has declined for good is not tried again: the schemes fine merchants who do.
 */
import { faults } from '@waffo/protocol/codes';
import { isDeclinedForGood } from '../connector/declines.ts';
import type { MerchantSettings } from '../merchant/merchant.ts';

/** A merchant's rules. */
export interface RenewalRules {
  /** In all, the first included. */
  readonly attempts: number;
  readonly intervalMs: number;
  /** The billing day never moves, and every period is charged. Otherwise what is paid late moves it, and a period that is not paid is the last. */
  readonly keepsDay: boolean;
}

const hourMs = 3_600_000;

export const rulesOf = ({
  renewalAttempts,
  renewalRetryHours,
  renewalOrder,
}: Partial<MerchantSettings>): RenewalRules => ({
  attempts: renewalAttempts ?? 2,
  intervalMs: (renewalRetryHours ?? 24) * hourMs,
  keepsDay: renewalOrder !== 'PAYMENT_FIRST',
});

/**
 * Whether a card can pay no later period either: its issuer said so, now or before, or it has expired and the account updater knew none that took
 * its place. The channel has ended the subscription then (contract section 12.8).
 *
 * @param code - of `orderFailedReason`
 */
export const isForGood = (code: string | undefined): boolean =>
  code === faults.TOKEN_EXPIRED.code || code === faults.CHANNEL_REJECTED.code || isDeclinedForGood(code);

/**
 * @param failed.tries - of this period, so far
 * @param failed.code - why the last one failed
 * @returns undefined: the period is given up
 */
export function retryAt(
  { attempts, intervalMs }: RenewalRules,
  failed: { readonly tries: number; readonly code: string | undefined; readonly now: Date },
): Date | undefined {
  if (failed.tries >= attempts || isForGood(failed.code)) return undefined;
  return new Date(failed.now.getTime() + intervalMs);
}
