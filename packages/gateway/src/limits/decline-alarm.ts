/**
 * Notices when a merchant's cards are declined far more often than in the week before: somebody tries cards in a way that
 * no other rule sees (design D-17). It tells the operator once an hour; when he wants it so, the merchant's cards are then
 * verified only after their issuers have asked the shopper.
 */
import type { Log } from '../observe/log.ts';
import { type Count, isUnusual } from './limit.ts';

/** Counts of one merchant, under rules of that name. */
export interface DeclineCounts {
  readonly hour: Count;
  readonly week: Count;
  /** How often the alarm was raised within the hour. */
  readonly alarms: Count;
}

/**
 * @param counts - this try included
 * @param raise - writes down that the alarm was raised; the log line goes out after it, so that a second process is silent
 * @returns whether the alarm stands
 */
export async function watchDeclines(
  { log }: { readonly log: Log },
  merchantId: string,
  counts: DeclineCounts,
  raise: () => Promise<void>,
): Promise<boolean> {
  if (counts.alarms.tries > 0) return true;
  if (!isUnusual(counts.hour, counts.week)) return false;
  await raise();
  log.warn('a merchant has far more declined cards than in the week before', {
    merchantId,
    detail: `${counts.hour.failures} of ${counts.hour.tries} within the hour`,
  });
  return true;
}
