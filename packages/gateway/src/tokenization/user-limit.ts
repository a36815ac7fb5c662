/** A user may have so many cards bound, and no more, however many are submitted at once. */
import { Fault } from '../fault.ts';
import type { Sql, Tx } from '../storage/database.ts';
import { lockBindingsOfUser } from './session.store.ts';
import { tokensPerUserLimit } from './session.ts';
import { countTokensOfUser } from './token.store.ts';

/** @throws Fault MERCHANT_LIMIT_EXCEEDED when the user has as many cards as a user may have */
export async function refuseFullUser(
  sql: Sql,
  merchantId: string,
  merchantUserId: string,
  underWay = 0,
): Promise<void> {
  if ((await countTokensOfUser(sql, merchantId, merchantUserId)) + underWay < tokensPerUserLimit) return;
  throw new Fault(
    'MERCHANT_LIMIT_EXCEEDED',
    `merchantUserId: at most ${tokensPerUserLimit} cards can be bound; remove one first`,
  );
}

/** Whether a user may have one more. */
export const hasRoom = async (sql: Sql, merchantId: string, merchantUserId: string): Promise<boolean> =>
  (await countTokensOfUser(sql, merchantId, merchantUserId)) < tokensPerUserLimit;

/** As `refuseFullUser`, counting what is being bound right now, and letting one binding of the user begin at a time. */
export async function refuseFullUserFirmly(tx: Tx, merchantId: string, merchantUserId: string): Promise<void> {
  const underWay = await lockBindingsOfUser(tx, merchantId, merchantUserId);
  await refuseFullUser(tx, merchantId, merchantUserId, underWay);
}
