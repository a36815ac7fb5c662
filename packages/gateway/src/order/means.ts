/** What a request pays with: the token it names, the card it carries, or what the shopper will choose. */
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { summarise } from '../tokenization/card-summary.ts';
import { chargeableToken } from '../tokenization/charge.ts';
import { checkCard } from '../tokenization/check-card.ts';
import { networkTransactionIdOf } from '../tokenization/network-transaction-id.ts';
import type { BareCard } from './bare-card.ts';
import type { Means } from './pay.ts';
import { initiatorOf, namesToken, tokenOf } from './token-shapes.ts';

type Input = RequestOf<typeof operations.create>;

/**
 * @returns undefined when the request names neither a card nor a token: the shopper chooses
 * @throws Fault of `chargeableToken` or `checkCard`; PARAMETER_INVALID when a request has a card and a token, or a card
 *   without its holder present; PAY_METHOD_UNAVAILABLE when the holder is not present and there is no token
 */
export async function meansOf(
  gateway: Gateway,
  { merchantId, settings }: Merchant,
  input: Input,
  card: BareCard | undefined,
): Promise<Means | undefined> {
  const initiator = initiatorOf(input);
  if (card !== undefined) {
    if (namesToken(input)) throw new Fault('PARAMETER_INVALID', 'cardInfo: give this or a token, not both');
    if (initiator === 'MIT') {
      throw new Fault('PARAMETER_INVALID', 'paymentInfo.merchantInitiatedMode: needs a token; bind the card first');
    }
    const connector = gateway.connectors.of(merchantId);
    checkCard(card, connector, gateway);
    return { card, summary: summarise(card, connector.factsOf(card.pan)), tokenId: undefined };
  }
  if (initiator === 'CIT' && !namesToken(input)) return undefined;
  const { tokenId, asAccessToken } = tokenOf(input);
  const token = await chargeableToken(gateway, { merchantId, tokenId, initiator, asAccessToken });
  if (settings.enforceTokenOwner && token.merchantUserId !== input.userInfo.userId) throw new Fault('TOKEN_INVALID');
  const networkTransactionId =
    initiator === 'MIT' ? await networkTransactionIdOf(gateway.database, { merchantId, tokenId }) : undefined;
  return { card: { cardId: token.cardId, tokenId }, summary: token.card, tokenId, networkTransactionId };
}
