/**
 * Counts charges without the shopper against what the schemes allow (design D-14). Whose end is unknown counts as declined until
 * somebody learns that it was not.
 */
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import type { SchemeRetries } from '../limits/scheme-retries.ts';

type Tried = Omit<Parameters<SchemeRetries['admit']>[0], 'now'> & { readonly merchantId: string };

export const tooOften: Outcome = { kind: 'declined', reason: 'RETRY_LIMIT_REACHED' };

/** Whether the scheme allows another try of this card without its holder. It is counted then. */
export async function mayBeTried(
  { clock, limits, log }: Pick<Gateway, 'clock' | 'limits' | 'log'>,
  { merchantId, card, reference }: Tried,
): Promise<boolean> {
  const next = await limits.schemeRetries.admit({ card, reference, now: clock.now() });
  if (next !== undefined)
    log.info(`a card was declined too often; its scheme allows the next try at ${next.toISOString()}`, { merchantId });
  return next === undefined;
}

/** A charge that was approved, or that the acquirer never saw, does not count. */
export async function discountTry(
  { limits, log }: Pick<Gateway, 'limits' | 'log'>,
  reference: string,
  outcome: Outcome,
): Promise<void> {
  const counts = outcome.kind === 'unknown' || (outcome.kind === 'declined' && outcome.reason !== 'NEVER_RECEIVED');
  if (counts) return;
  await limits.schemeRetries
    .discount(reference)
    .catch((error) => log.warn('a charge stays counted as a declined one and was none', { error }));
}
