/** `POST /tokenization/remove`: unbinds one token, or all tokens of a user. Card data and fingerprint are erased at once. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/tokenization';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { eraseCard } from '../vault/vault.ts';
import { notifyToken } from './notification.ts';
import { findToken, listTokensOfUser, saveToken } from './token.store.ts';
import { advance, isRemoved, type Token } from './token.ts';

type Input = RequestOf<typeof operations.remove>;
type Data = DataOf<typeof operations.remove>;

export async function remove(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchant } = caller;
  const { tokenId, merchantUserId } = input;
  if (tokenId !== undefined) {
    const token = await findToken(gateway.database, merchant.merchantId, tokenId);
    const foreign = merchantUserId !== undefined && token?.merchantUserId !== merchantUserId;
    if (token === undefined || foreign) throw new Fault('TOKEN_INVALID', 'tokenId: unknown');
    await removeToken(gateway, merchant, token);
  } else if (merchantUserId !== undefined) {
    const tokens = await listTokensOfUser(gateway.database, merchant.merchantId, merchantUserId);
    for (const token of tokens) await removeToken(gateway, merchant, token);
  } else {
    throw new Fault('PARAMETER_INVALID', 'tokenId: give this or merchantUserId');
  }
  gateway.nudge();
  return null;
}

/** Removing what is removed already changes nothing and tells nobody. */
async function removeToken(gateway: Gateway, merchant: Merchant, token: Token): Promise<void> {
  if (isRemoved(token)) return;
  const removed = advance(token, 'removed', gateway.clock.now());
  const saved = await gateway.database.transaction(async (tx) => {
    if (!(await saveToken(tx, removed, token.status))) return false;
    if (token.cardId !== undefined) await eraseCard(tx, { merchantId: merchant.merchantId, cardId: token.cardId });
    if (merchant.settings.notifyRemoval) await notifyToken(gateway, tx, removed);
    return true;
  });
  if (saved) return;
  const present = await findToken(gateway.database, token.merchantId, token.tokenId);
  if (present !== undefined) await removeToken(gateway, merchant, present);
}
