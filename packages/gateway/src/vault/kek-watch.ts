/**
 * Whether the keys that the operator provides are still there, and still those that this database is sealed with. They are
 * read anew, by a provider of the watch's own: whatever it finds, work under way goes on with the keys that it holds.
 */
import type { Clock } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { checkKeks } from './data-key.ts';
import type { KekProvider } from './kek.ts';
import { hasAnyKek } from './vault.store.ts';

/** A good answer holds this long: the threads that read files also make signatures, and anybody may ask for readiness. */
export const goodForMs = 2_000;

/**
 * @param kek - a provider that nobody else uses
 * @returns rejects with one sentence for the operator when a key is missing, another, unreadable or open to others; what
 *   was not well is looked at again by the next who asks
 * @example
 * const check = watchKeks({ database, kek: heldKeks('the key file', () => keksFromFiles([path])), clock });
 */
export function watchKeks({
  database,
  kek,
  clock,
}: {
  readonly database: Database;
  readonly kek: KekProvider;
  readonly clock: Clock;
}): () => Promise<void> {
  let last: { readonly until: number; readonly answer: Promise<void> } | undefined;
  const look = async (): Promise<void> => {
    // Where there is none, `checkKeks` would write the first.
    if (!(await hasAnyKek(database))) throw new Error('the database knows no key-encryption key; restore a backup');
    await checkKeks(database, kek, clock.now());
  };
  return () => {
    const now = clock.now().getTime();
    if (last !== undefined && now < last.until) return last.answer;
    const mine = { until: now + goodForMs, answer: look() };
    last = mine;
    mine.answer.catch(() => {
      if (last === mine) last = undefined;
    });
    return mine.answer;
  };
}
