/**
 * The schemes' limits on charging a declined card again while its holder is away (design D-14): counted by card, over all merchants, in
 * PostgreSQL. A try counts as declined until it is approved, so that of many at once none passes for not having seen the others.
 */
import { type Scheme, schemeOf } from '@waffo/protocol/card';
import type { Clock } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import type { Keyring } from '../vault/keyring.ts';
import { marksOf } from '../vault/mark.ts';
import { addDecline, dropDecline, listDeclines, lockMark } from './declined-charge.store.ts';

const hourMs = 3_600_000;
const monthMs = 30 * 24 * hourMs;

interface RetryLimit {
  /** So many may be declined within the window; the next one is not made. */
  readonly declines: number;
  readonly windowMs: number;
}

/**
 * Visa: excessive reattempts, as of 19 May 2025. Mastercard: Transaction Processing Excellence, excessive authorization attempts.
 * Other schemes publish no number.
 */
const retryLimits: Readonly<Partial<Record<Scheme, readonly RetryLimit[]>>> = {
  VISA: [{ declines: 20, windowMs: monthMs }],
  MASTERCARD: [
    { declines: 10, windowMs: 24 * hourMs },
    { declines: 35, windowMs: monthMs },
  ],
};

const mostRead = 35;

/**
 * When a card may be charged again without its holder. Pure.
 *
 * @param declinedAt - latest first
 * @returns undefined: now
 * @example nextTryAt('VISA', declinedAt, now) // twenty within thirty days: thirty days after the first of them
 */
export function nextTryAt(scheme: Scheme, declinedAt: readonly Date[], now: Date): Date | undefined {
  const waits = (retryLimits[scheme] ?? []).flatMap(({ declines, windowMs }) => {
    const free = (declinedAt[declines - 1]?.getTime() ?? 0) + windowMs;
    return free > now.getTime() ? [free] : [];
  });
  return waits.length === 0 ? undefined : new Date(Math.max(...waits));
}

export interface SchemeRetries {
  /**
   * Counts a charge before it is made.
   *
   * @param tried.reference - of the attempt; the same one counts once
   * @returns when the scheme allows the next try; undefined: it allows this one
   */
  admit(tried: { readonly card: CardBuffer; readonly reference: string }): Promise<Date | undefined>;
  /** It was approved, and does not count. */
  approved(reference: string): Promise<void>;
}

/** The sandbox's: its test cards are everybody's. */
export const unlimitedRetries: SchemeRetries = { admit: async () => undefined, approved: async () => {} };

/** @param deps.database - that shows all merchants */
export function limitRetries(deps: {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}): SchemeRetries {
  const { database, clock } = deps;
  return {
    async admit({ card, reference }) {
      const scheme = schemeOf(card.pan);
      if (scheme === undefined || retryLimits[scheme] === undefined) return undefined;
      const now = clock.now();
      const { mark, before } = await marksOf(deps, 'retry', card.pan, now, monthMs);
      return database.transaction(async (tx) => {
        await lockMark(tx, mark);
        const since = new Date(now.getTime() - monthMs);
        const declinedAt = await listDeclines(tx, { marks: [mark, before], since, not: reference, most: mostRead });
        const next = nextTryAt(scheme, declinedAt, now);
        if (next === undefined) await addDecline(tx, { reference, mark, before, since, now });
        return next;
      });
    },
    approved: (reference) => dropDecline(database, reference),
  };
}
