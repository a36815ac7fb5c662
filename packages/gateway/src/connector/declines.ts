/** The closed list of decline reasons. Every connector maps its acquirer's codes onto it. */

export const declineReasons = {
  DO_NOT_HONOR: 'The issuer declined the card without giving a reason',
  INSUFFICIENT_FUNDS: 'Insufficient funds',
  EXPIRED_CARD: 'The card has expired',
  INVALID_CARD_NUMBER: 'The issuer does not know this card number',
  INCORRECT_CVV: 'The security code is incorrect',
  LOST_OR_STOLEN: 'The card is reported lost or stolen',
  RESTRICTED_CARD: 'The card may not be used for this payment',
  LIMIT_EXCEEDED: "Above the card's limit",
  AUTHENTICATION_REQUIRED: 'The issuer asks for strong authentication',
  SUSPECTED_FRAUD: 'The issuer suspects fraud',
  NOT_PERMITTED: 'The transaction is not permitted to this card or merchant',
  ISSUER_UNAVAILABLE: 'The issuer could not be reached',
  PROCESSING_ERROR: 'The acquirer could not process the payment',
  NOT_SUPPORTED: 'The acquirer does not offer this for this payment',
  NOT_CAPTURABLE: 'The authorisation was captured, voided or released before',
  AMOUNT_EXCEEDED: 'More than what was authorised or captured',
  MERCHANT_FUNDS_LOW: "The merchant's balance at the acquirer is too low",
  DISPUTED: 'A chargeback dispute is open for this payment',
  REFUNDED_BY_PREVENTION: 'A chargeback-prevention service has refunded this payment already',
  /** Ours; nobody was asked (design D-14). */
  RETRY_LIMIT_REACHED: 'The card was declined too often without its holder; the scheme allows no further try yet',
  /** The acquirer has never seen the reference: the call did not arrive, and will be refused if it still does. */
  NEVER_RECEIVED: 'The payment did not reach the acquirer; nothing was charged',
} as const satisfies Record<string, string>;

export type DeclineReason = keyof typeof declineReasons;

const forGood: readonly DeclineReason[] = [
  'EXPIRED_CARD',
  'INVALID_CARD_NUMBER',
  'LOST_OR_STOLEN',
  'NOT_PERMITTED',
  'RESTRICTED_CARD',
  'SUSPECTED_FRAUD',
];

/** Whether an issuer will decline the card again, however often it is asked: the schemes forbid to ask (design D-14). */
export const isDeclinedForGood = (reason: string | undefined): boolean => forGood.some((each) => each === reason);
