/**
 * When a renewal that failed is tried again (contract section 12.8: two tries in all, a day apart). What an issuer has declined
 * for good is not: the schemes fine merchants who try.
 */
import type { DeclineReason } from '../connector/declines.ts';

const tries = 2;
const intervalMs = 24 * 3_600_000;

const forGood: readonly string[] = [
  'INVALID_CARD_NUMBER',
  'LOST_OR_STOLEN',
  'NOT_PERMITTED',
  'RESTRICTED_CARD',
  'SUSPECTED_FRAUD',
] satisfies DeclineReason[];

/**
 * @param failed.tries - of this period, so far
 * @param failed.code - why the last one failed
 * @returns undefined: the period is given up
 */
export function retryAt(failed: {
  readonly tries: number;
  readonly code: string | undefined;
  readonly now: Date;
}): Date | undefined {
  if (failed.tries >= tries || forGood.includes(failed.code ?? '')) return undefined;
  return new Date(failed.now.getTime() + intervalMs);
}
