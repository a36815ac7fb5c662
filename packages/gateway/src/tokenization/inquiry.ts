/** `POST /tokenization/inquiry`: the tokens of a user, or one token. Oldest first; removed ones only by their `tokenId`. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/tokenization';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { tokenDataOf } from './card-summary.ts';
import { findToken, findTokenByRequest, listTokensOfUser } from './token.store.ts';
import { isRemoved, type Token } from './token.ts';

type Input = RequestOf<typeof operations.inquiry>;
type Data = DataOf<typeof operations.inquiry>;

export async function inquiry(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const found = await find(gateway, caller.merchant.merchantId, input);
  const { merchantUserId, tokenRequestId } = input;
  return found
    .filter((token) => !merchantUserId || token.merchantUserId === merchantUserId)
    .filter((token) => !tokenRequestId || token.tokenRequestId === tokenRequestId)
    .map(item);
}

/** Empty text names nothing: typed clients send it for what is not set. */
async function find({ database }: Gateway, merchantId: string, input: Input): Promise<readonly Token[]> {
  const { merchantUserId, tokenId, tokenRequestId } = input;
  if (tokenId) return present(await findToken(database, merchantId, tokenId));
  if (tokenRequestId) {
    return present(await findTokenByRequest(database, merchantId, tokenRequestId)).filter((token) => !isRemoved(token));
  }
  if (merchantUserId) return listTokensOfUser(database, merchantId, merchantUserId);
  throw new Fault('PARAMETER_INVALID', 'merchantUserId: give this, tokenId or tokenRequestId');
}

const present = (token: Token | undefined): Token[] => (token === undefined ? [] : [token]);

function item(token: Token): Data[number] {
  return {
    tokenRequestId: token.tokenRequestId,
    tokenId: token.tokenId,
    tokenType: 'CARD',
    tokenStatus: token.status,
    merchantUserId: token.merchantUserId,
    ...(token.card && { tokenData: tokenDataOf(token.card) }),
    ...(token.billingAddress && { billingAddress: token.billingAddress }),
    merchantInfo: {
      merchantId: token.merchantId,
      ...(token.subMerchantId !== undefined && { subMerchantId: token.subMerchantId }),
    },
    ...(token.card && {
      maskedPan: token.card.masked,
      cardBrand: token.card.scheme,
      expiryMonth: token.card.expiry.slice(0, 2),
      expiryYear: token.card.expiry.slice(3),
    }),
  };
}
