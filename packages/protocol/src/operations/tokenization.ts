/** `/tokenization/*`: bind a card, list, remove (contract section 6, decisions "Token" and "The browser's road"). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { billingAddress, id, merchantInfo, text } from './members.ts';

/** Longer than a card's members are: what a shopper mistyped is answered as card data (A0029), not as a schema's fault. */
const tokenData = z
  .object({
    pan: text(1024, 'Card number, digits only'),
    expiry: text(1024, 'MM/YYYY'),
    name: text(1024, 'Cardholder name, at most 128 characters').optional(),
    cvv: text(1024, 'Three or four digits; used for one verification and never stored').optional(),
  })
  .meta({ id: 'TokenData', description: 'A bare card; only PCI-certified merchants may send one' });

const generateRequest = z
  .object({
    tokenRequestId: id(64, 'Binding request id; the idempotency key'),
    merchantUserId: id(64, "The merchant's id of the user"),
    tokenType: z.literal('CARD'),
    merchantInfo,
    notifyUrl: text(1024, 'Receives TOKENIZATION_NOTIFICATION').optional(),
    tokenData: tokenData.optional(),
    billingAddress: billingAddress.optional(),
    threeDsDecision: text(12, '3DS_FORCE, 3DS_ATTEMPT or NO_3DS; ours, and subject to risk control').optional(),
  })
  .meta({ id: 'TokenGenerateRequest' });

const generateData = z
  .object({
    tokenRequestId: z.string(),
    tokenSessionId: z.string().optional().describe("Hand it to the browser SDK's tokenizationSubmit"),
    merchantUserId: z.string(),
    tokenId: z.string().optional().describe('Present once the card is bound'),
  })
  .meta({ id: 'TokenGenerateData' });

/** Opens a binding session, or binds at once when a PCI-certified merchant sends `tokenData`. */
export const generate = operation({
  path: '/tokenization/generate',
  door: 'merchant',
  summary: 'Open a card binding session',
  description:
    'Answers a `tokenSessionId` for the browser SDK. A PCI-certified merchant may send the card itself in `tokenData` and gets `tokenId` at once. ' +
    'A repeat with the same `tokenRequestId` and content answers the present state.',
  request: generateRequest,
  data: generateData,
  envelope: 'tokenization',
  idempotencyKey: 'tokenRequestId',
  faults: [
    'IDEMPOTENCY_MISMATCH',
    'CONCURRENT_REQUEST',
    'CARD_DATA_INVALID',
    'CARD_NOT_SUPPORTED',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
    'MERCHANT_LIMIT_EXCEEDED',
  ],
});

const submitRequest = z
  .object({
    tokenSessionId: id(128),
    encryptedCard: id(4096, 'JWE compact serialisation, ECDH-ES + A256GCM, of the 256-byte card record'),
    billingAddress: billingAddress.optional(),
    returnUrl: text(1024, 'Where a 3DS page sends the shopper back to; its origin must be registered').optional(),
  })
  .meta({ id: 'TokenSubmitRequest' });

const submitData = z
  .object({
    tokenRequestId: z.string(),
    validateUrl: z.string().optional().describe('Send the shopper here for 3-D Secure'),
  })
  .meta({ id: 'TokenSubmitData' });

/** Submits an encrypted card from the shopper's browser. */
export const submit = operation({
  path: '/tokenization/submit',
  door: 'browser',
  summary: 'Submit an encrypted card from the browser',
  description:
    'Called by `@waffo/payment-sdk` with the client API key. One successful submission per session; a repeat of the same bytes answers the present state.',
  request: submitRequest,
  data: submitData,
  envelope: 'tokenization',
  idempotencyKey: 'tokenSessionId',
  faults: [
    'IDEMPOTENCY_MISMATCH',
    'CONCURRENT_REQUEST',
    'CARD_DATA_INVALID',
    'CARD_NOT_SUPPORTED',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
    'MERCHANT_LIMIT_EXCEEDED',
  ],
});

const inquiryRequest = z
  .object({
    merchantInfo,
    merchantUserId: text(64, 'This, tokenId or tokenRequestId must be given').optional(),
    tokenId: text(64).optional(),
    tokenRequestId: text(64).optional(),
    tokenType: z.enum(['CARD', '']).optional(),
  })
  .meta({ id: 'TokenInquiryRequest' });

export const maskedTokenData = z
  .object({
    maskedCardInfo: z.string().describe('First six, six stars, last four, e.g. 411111******1111'),
    cardHolderName: z.string(),
    cardExpiry: z.string().describe('MM/YYYY'),
    cardBin: z.string().describe('Six digits'),
    cardScheme: z.string().describe('VISA, MASTERCARD, AMEX, JCB, UNIONPAY, DINERS, DISCOVER, ELO …'),
    cardType: z.string().describe('CREDIT, DEBIT, PREPAID or empty'),
    cardIssuerName: z.string(),
    cardIssueCountryCode: z.string(),
  })
  .meta({ id: 'MaskedTokenData', description: 'The card behind a token, masked; unknown values are empty strings' });

/** C-04. */
export const tokenItem = z
  .object({
    tokenRequestId: z.string(),
    tokenId: z.string(),
    tokenType: z.literal('CARD'),
    tokenStatus: z.enum(['UNVERIFIED', 'VERIFIED', 'SUSPENDED', 'EXPIRED', 'REMOVED']),
    merchantUserId: z.string(),
    tokenData: maskedTokenData.optional().describe('Absent once the token is removed'),
    billingAddress: billingAddress.optional(),
    merchantInfo: merchantInfo,
    maskedPan: z.string().optional(),
    cardBrand: z.string().optional(),
    expiryMonth: z.string().optional(),
    expiryYear: z.string().optional(),
  })
  .meta({
    id: 'TokenItem',
    description: "A token as inquiry lists it: the nested shape and the guide's four flat members",
  });

/** Lists the tokens of a user, or looks one up. */
export const inquiry = operation({
  path: '/tokenization/inquiry',
  door: 'merchant',
  summary: 'List the tokens of a user',
  description:
    'By `merchantUserId`, `tokenId` or `tokenRequestId`. Oldest first. Removed tokens are answered only to a lookup by `tokenId`, without card data. ' +
    'Nothing found is an empty list.',
  request: inquiryRequest,
  data: z.array(tokenItem),
  envelope: 'tokenization',
  faults: [],
});

const removeRequest = z
  .object({
    merchantInfo,
    tokenType: z.literal('CARD').optional(),
    merchantUserId: id(64, 'Alone: removes all tokens of the user').optional(),
    tokenId: id(64, 'Removes this one token').optional(),
  })
  .meta({ id: 'TokenRemoveRequest' });

/** Unbinds one token, or all tokens of a user. */
export const remove = operation({
  path: '/tokenization/remove',
  door: 'merchant',
  summary: 'Remove a token',
  description: 'Erases the card data and the fingerprint. Idempotent. A token that never existed is refused.',
  request: removeRequest,
  data: z.null(),
  envelope: 'tokenization',
  faults: ['TOKEN_INVALID'],
});
