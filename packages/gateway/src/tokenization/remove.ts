/** `POST /tokenization/remove`: unbinds one token, or all tokens of a user. Card data and fingerprint are erased at once. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/tokenization';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { eraseCard } from '../vault/vault.ts';
import { notifyToken } from './notification.ts';
import { findToken, listTokensOfUser, lockToken, saveToken } from './token.store.ts';
import { advance, isRemoved } from './token.ts';

type Input = RequestOf<typeof operations.remove>;
type Data = DataOf<typeof operations.remove>;

export async function remove(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchant } = caller;
  const { tokenId, merchantUserId } = input;
  if (tokenId !== undefined) {
    const token = await findToken(gateway.database, merchant.merchantId, tokenId);
    const foreign = merchantUserId !== undefined && token?.merchantUserId !== merchantUserId;
    if (token === undefined || foreign) throw new Fault('TOKEN_INVALID', 'tokenId: unknown');
    await removeToken(gateway, merchant, tokenId);
  } else if (merchantUserId !== undefined) {
    const tokens = await listTokensOfUser(gateway.database, merchant.merchantId, merchantUserId);
    for (const token of tokens) await removeToken(gateway, merchant, token.tokenId);
  } else {
    throw new Fault('PARAMETER_INVALID', 'tokenId: give this or merchantUserId');
  }
  gateway.nudge();
  return null;
}

/** Removing what is removed already changes nothing and tells nobody. */
async function removeToken(gateway: Gateway, { merchantId, settings }: Merchant, tokenId: string): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const token = await lockToken(tx, merchantId, tokenId);
    if (token === undefined || isRemoved(token)) return;
    const removed = advance(token, 'removed', gateway.clock.now());
    await saveToken(tx, removed);
    if (token.cardId !== undefined) await eraseCard(tx, { merchantId, cardId: token.cardId });
    if (settings.notifyRemoval) await notifyToken(gateway, tx, removed);
  });
}
