/**
 * A card in the request itself, from a PCI-certified merchant. An order's is charged and forgotten: nothing of it is stored
 * but what may be shown, unless its shopper must be authenticated first (see `waiting-card.ts`). A subscription's becomes a token. Not even the request's fingerprint is made from more of the number than that, nor from the code.
 */
import { maskPan } from '@waffo/protocol/card';
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { requestFingerprint } from '../idempotency.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { parseDecision, type ThreeDsDecision } from '../threeds/decision.ts';
import { CardBuffer } from '../vault/card-buffer.ts';
import { type Fingerprint, fingerprintOf, fingerprintsOf } from '../vault/fingerprint.ts';

type Order = RequestOf<typeof operations.create>;

/** Any request that may carry a card. */
interface Input extends Pick<Order, 'cardInfo'> {
  readonly userInfo: Pick<Order['userInfo'], 'userBrowserIp' | 'userAgent'>;
}

export type BareCard = CardBuffer;

/**
 * @returns the card, which the caller disposes of, or undefined when the request has none
 * @throws Fault PERMISSION_DENIED for a merchant that is not PCI-certified; CARD_DATA_INVALID; PARAMETER_INVALID when the
 *   browser's address and agent are missing (contract section 9)
 */
export function bareCardOf(merchant: Merchant, { cardInfo, userInfo }: Input): BareCard | undefined {
  if (cardInfo === undefined || cardInfo === null) return undefined;
  if (!merchant.pciCertified) {
    throw new Fault('PERMISSION_DENIED', 'cardInfo: only PCI-certified merchants may send a card; pay with a tokenId');
  }
  if (!userInfo.userBrowserIp) throw new Fault('PARAMETER_INVALID', 'userInfo.userBrowserIp: needed with cardInfo');
  if (!userInfo.userAgent) throw new Fault('PARAMETER_INVALID', 'userInfo.userAgent: needed with cardInfo');
  const { cardNumber, cardExpiryYear: year, cardExpiryMonth: month, cardCvv: cvv, cardHolderName: name } = cardInfo;
  if (!/^\d{12,19}$/.test(cardNumber)) {
    throw new Fault('CARD_DATA_INVALID', 'cardInfo.cardNumber: expected 12 to 19 digits');
  }
  if (!/^\d{3,4}$/.test(cvv)) throw new Fault('CARD_DATA_INVALID', 'cardInfo.cardCvv: expected three or four digits');
  try {
    return CardBuffer.fromText({ pan: cardNumber, expiry: { month, year }, cvv, name });
  } catch (cause) {
    throw new Fault('CARD_DATA_INVALID', 'cardInfo.cardHolderName: too long, or with control characters', { cause });
  }
}

/**
 * What the link to a card's challenge follows from: the same for a repeat, and kept nowhere. Who has a copy of the
 * database alone cannot make it: it takes the card's number and a key of the merchant's. With the key file he can (decision 0020).
 */
export const envelopeOf = (gateway: Pick<Gateway, 'keyring'>, order: OrderName, card: BareCard): Promise<string> =>
  withNamed(order, card, async (named) => asEnvelope(await fingerprintOf(gateway, order.merchantId, named)));

/** Those that a repeat may mean: the key may have been rotated since the link was told. The newest key's comes first. */
export const envelopesOf = (gateway: Pick<Gateway, 'keyring'>, order: OrderName, card: BareCard): Promise<string[]> =>
  withNamed(order, card, async (named) => (await fingerprintsOf(gateway, order.merchantId, named)).map(asEnvelope));

interface OrderName {
  readonly merchantId: string;
  readonly acquiringOrderId: string;
}

const asEnvelope = ({ fingerprint }: Fingerprint): string => fingerprint.toString('base64url');

async function withNamed<Made>(
  { acquiringOrderId }: OrderName,
  card: BareCard,
  make: (named: Buffer) => Promise<Made>,
): Promise<Made> {
  const named = Buffer.concat([Buffer.from(`order/${acquiringOrderId}/`), card.pan]);
  try {
    return await make(named);
  } finally {
    named.fill(0);
  }
}

/** How the merchant wants the shopper to be asked. @throws Fault PARAMETER_INVALID */
export const threeDsDecisionOf = ({ cardInfo }: Pick<Input, 'cardInfo'>): ThreeDsDecision | undefined =>
  parseDecision(cardInfo?.threeDsDecision, 'cardInfo.threeDsDecision');

/** The fingerprint that tells a repeat: with what may be shown of the number, and without the code (decision 0039). */
export function fingerprintOfOrder(input: Input, card: BareCard | undefined): Buffer {
  const { cardInfo: sent, ...others } = input;
  if (card === undefined) return requestFingerprint(others);
  const cardInfo = { ...sent, cardNumber: maskPan(card.pan), cardCvv: undefined };
  return requestFingerprint({ cardInfo, ...others });
}
