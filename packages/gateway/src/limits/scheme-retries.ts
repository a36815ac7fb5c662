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
import { addDecline, dropDecline, forgetDeclines, listDeclines, lockMarks } from './declined-charge.store.ts';

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
/** By how much the clock of another process may be ahead. Further ahead are only merchants whose clock has travelled. */
const skewMs = hourMs;

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
   * @param tried.now - by the merchant's clock
   * @returns when the scheme allows the next try; undefined: it allows this one
   */
  admit(tried: {
    readonly card: CardBuffer;
    readonly reference: string;
    readonly now: Date;
  }): Promise<Date | undefined>;
  /** It was approved, or never sent, and does not count. */
  discount(reference: string): Promise<void>;
}

/** The sandbox's: its test cards are everybody's. */
export const unlimitedRetries: SchemeRetries = { admit: async () => undefined, discount: async () => {} };

/** @param deps.database - that shows all merchants */
export function limitRetries(deps: {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}): SchemeRetries {
  const { database, clock } = deps;
  let forgottenAt = 0;

  /** By the machine's clock, which no merchant moves. */
  async function forget(): Promise<void> {
    const now = clock.now().getTime();
    if (now - forgottenAt < hourMs) return;
    forgottenAt = now;
    await forgetDeclines(database, new Date(now - monthMs));
  }

  return {
    async admit({ card, reference, now }) {
      const scheme = schemeOf(card.pan);
      if (scheme === undefined || retryLimits[scheme] === undefined) return undefined;
      await forget();
      const { mark, before } = await marksOf(deps, 'retry', card.pan, now, monthMs);
      return database.transaction(async (tx) => {
        const marks = [before, mark];
        await lockMarks(tx, marks);
        const window = { since: new Date(now.getTime() - monthMs), until: new Date(now.getTime() + skewMs) };
        const declinedAt = await listDeclines(tx, { marks, ...window, not: reference, most: mostRead });
        const next = nextTryAt(scheme, declinedAt, now);
        if (next === undefined) await addDecline(tx, { reference, mark, now });
        return next;
      });
    },
    discount: (reference) => dropDecline(database, reference),
  };
}
