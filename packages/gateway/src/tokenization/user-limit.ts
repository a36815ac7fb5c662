/** A user may have so many cards bound, and no more, however many are submitted at once. */
import { Fault } from '../fault.ts';
import type { Database, Sql, Tx } from '../storage/database.ts';
import { tokensPerUserLimit } from './session.ts';
import { lockUsers, lockUsersWithRoom } from './submission.store.ts';
import { countTokensOfUser } from './token.store.ts';

/**
 * @param bound - cards that the user has
 * @throws Fault MERCHANT_LIMIT_EXCEEDED when that is as many as a user may have
 */
export function refuseFull(bound: number): void {
  if (bound < tokensPerUserLimit) return;
  throw new Fault(
    'MERCHANT_LIMIT_EXCEEDED',
    `merchantUserId: at most ${tokensPerUserLimit} cards can be bound; remove one first`,
  );
}

/** @throws Fault MERCHANT_LIMIT_EXCEEDED */
export async function refuseFullUser(database: Database, merchantId: string, merchantUserId: string): Promise<void> {
  refuseFull(await countTokensOfUser(database, merchantId, merchantUserId));
}

/** Whether a user may have one more. */
export const hasRoom = async (sql: Sql, merchantId: string, merchantUserId: string): Promise<boolean> =>
  (await countTokensOfUser(sql, merchantId, merchantUserId)) < tokensPerUserLimit;

/**
 * As `refuseFull`, for several bindings, counting what is being bound right now, and letting one binding of a user begin at a time.
 *
 * @param merchantUserIds - of each binding
 * @throws Fault MERCHANT_LIMIT_EXCEEDED when one of them is one too many, and then none may be committed
 */
export async function refuseFullUsers(tx: Tx, merchantId: string, merchantUserIds: readonly string[]): Promise<void> {
  const taken = new Map(await lockUsers(tx, merchantId, merchantUserIds));
  for (const user of merchantUserIds) {
    const bound = taken.get(user) ?? 0;
    refuseFull(bound);
    taken.set(user, bound + 1);
  }
}

/** The same, refused by the server, without a reason. */
export function expectRoom(tx: Tx, merchantId: string, merchantUserIds: readonly string[]): Promise<void> {
  const wanted = new Map<string, number>();
  for (const user of merchantUserIds) wanted.set(user, (wanted.get(user) ?? 0) + 1);
  return lockUsersWithRoom(tx, merchantId, wanted, tokensPerUserLimit);
}
