/**
 * THE table of faults: every refusal and failure the API can answer, by name.
 *
 * A fault is a request that is refused or cannot be served. A decline is not a fault, it is a result.
 * Codes and HTTP statuses are the published ones (contract section 19); the names are ours.
 * S-codes are made by client libraries only and never sent by a server.
 */

/**
 * What a caller may do after a fault.
 * - `never`: the request itself must change first.
 * - `same-request`: send the very same request again, later, with the same request id.
 * - `inquire-first`: the outcome is unknown; ask with the inquiry operation, or wait for the notification where one follows.
 */
export type Retry = 'never' | 'same-request' | 'inquire-first';

/** Who is able to do something about a fault. */
export type Reader = 'developer' | 'merchant' | 'shopper' | 'operator';

/** One row of the fault table. */
export interface FaultRow {
  /** The wire's code, as sent in `code`. */
  readonly code: string;
  /** The default text, as sent in `msg`; a fault may carry a more exact one. */
  readonly msg: string;
  /** The HTTP status sent with it. */
  readonly http: number;
  readonly retry: Retry;
  readonly reader: Reader;
}

const row = (code: string, msg: string, http: number, reader: Reader, retry: Retry = 'never') =>
  ({ code, msg, http, reader, retry }) as const satisfies FaultRow;

/** Name → row. Ordered by code. */
export const faults = {
  API_KEY_INVALID: row('A0001', 'Invalid API key', 401, 'developer'),
  SIGNATURE_INVALID: row('A0002', 'Invalid signature', 401, 'developer'),
  PARAMETER_INVALID: row('A0003', 'Parameter validation failed', 400, 'developer'),
  PATH_UNKNOWN: row(
    'A0003',
    'There is no such operation; every call is a POST to a path of the reference',
    404,
    'developer',
  ),
  BODY_TOO_LARGE: row('A0003', 'The body is larger than 65,536 bytes', 413, 'developer'),
  CONTENT_TYPE_INVALID: row('A0003', 'Content-Type must be application/json', 400, 'developer'),
  PERMISSION_DENIED: row('A0004', 'Permission denied', 401, 'developer'),
  MERCHANT_LIMIT_EXCEEDED: row('A0005', 'Merchant limit exceeded', 400, 'merchant'),
  MERCHANT_STATUS_ABNORMAL: row('A0006', 'Merchant status abnormal', 400, 'merchant'),
  CURRENCY_NOT_SUPPORTED: row('A0007', 'Currency not supported', 400, 'developer'),
  AMOUNT_OUT_OF_RANGE: row('A0008', 'Amount outside the allowed range', 400, 'developer'),
  ORDER_NOT_FOUND: row('A0009', 'Order does not exist', 400, 'developer'),
  CONTRACT_FORBIDS: row('A0010', 'The merchant contract does not allow this operation', 400, 'merchant'),
  IDEMPOTENCY_MISMATCH: row('A0011', 'This request id was used with other parameters', 400, 'developer'),
  MERCHANT_BALANCE_INSUFFICIENT: row('A0012', 'Merchant balance insufficient', 400, 'merchant'),
  ORDER_ALREADY_PAID: row('A0013', 'The order is already paid and cannot be cancelled', 400, 'developer'),
  REFUND_NOT_ALLOWED: row('A0014', 'The refund rules forbid this refund', 400, 'merchant'),
  CANCEL_NOT_SUPPORTED: row('A0015', 'The channel does not support cancellation', 400, 'merchant'),
  CANCEL_REJECTED: row('A0016', 'The channel rejected the cancellation', 400, 'merchant'),
  REFUND_NOT_SUPPORTED: row('A0017', 'The channel does not support refunds', 400, 'merchant'),
  PAY_METHOD_UNAVAILABLE: row('A0018', 'No payment method is available for this request', 400, 'merchant'),
  CARD_EXCLUDED: row('A0018', 'The payment is for other cards: this one begins with no cardPrefix', 400, 'shopper'),
  CHARGEBACK_BLOCKS_REFUND: row('A0019', 'A chargeback dispute blocks the refund', 400, 'merchant'),
  TRANSACTION_LIMIT_EXCEEDED: row('A0020', 'Above the limit for a single transaction', 400, 'merchant'),
  DAILY_LIMIT_EXCEEDED: row('A0021', 'Above the daily limit', 400, 'merchant'),
  PRODUCT_NAME_NEEDED: row(
    'A0022',
    'Several products are contracted; name one in paymentInfo.productName',
    400,
    'developer',
  ),
  TOKEN_EXPIRED: row('A0023', 'The token has expired; the order cannot be created', 400, 'shopper'),
  EXCHANGE_RATE_EXPIRED: row('A0024', 'The exchange rate has expired', 400, 'developer'),
  LANGUAGE_NOT_SUPPORTED: row('A0026', 'The cashier language is not supported', 400, 'developer'),
  REFUND_COUNT_EXCEEDED: row('A0027', 'An order can be refunded at most 50 times', 400, 'merchant'),
  CARD_DATA_INVALID: row('A0029', 'The card data are invalid', 400, 'shopper'),
  CARD_BIN_NOT_FOUND: row('A0030', 'The card BIN was not found', 400, 'shopper'),
  CARD_NOT_SUPPORTED: row('A0031', 'The card scheme or type is not supported', 400, 'shopper'),
  PAYMENT_TOKEN_INVALID: row('A0032', 'The payment token data are invalid', 400, 'developer'),
  COUNTRY_NEEDED: row('A0033', 'Several methods have this name; name a country', 400, 'developer'),
  ORDER_EXPIRY_PAST: row('A0034', 'orderExpiredAt is already past', 400, 'developer'),
  CAPTURE_NOT_SUPPORTED: row('A0035', 'The order does not support capture', 400, 'developer'),
  CAPTURE_NOT_ALLOWED: row('A0036', 'The state of the order does not allow capture', 400, 'developer'),
  TOKEN_INVALID: row('A0037', 'The user payment token is invalid or expired', 400, 'developer'),
  MIT_NEEDS_VERIFIED_TOKEN: row(
    'A0038',
    'A merchant-initiated payment needs a verified user payment token',
    400,
    'merchant',
  ),
  REFUNDED_BY_PREVENTION: row('A0039', 'Already refunded by a chargeback-prevention service', 400, 'merchant'),
  CONCURRENT_REQUEST: row('A0040', 'The same request is being processed right now', 400, 'developer', 'same-request'),
  TOKEN_UNVERIFIED: row(
    'A0045',
    'A merchant-initiated payment is impossible: the status of tokenId is unverified',
    400,
    'merchant',
  ),
  USER_STATUS_ABNORMAL: row('B0001', 'User status abnormal', 400, 'shopper'),
  USER_LIMIT_EXCEEDED: row('B0002', 'User limit exceeded', 400, 'shopper'),
  USER_BALANCE_INSUFFICIENT: row('B0003', 'User balance insufficient', 400, 'shopper'),
  USER_DID_NOT_PAY: row('B0004', 'The user did not pay in time', 400, 'shopper'),
  USER_AUTHORIZATION_FAILED: row('B0005', 'User authorisation failed', 400, 'shopper'),
  PHONE_INVALID: row('B0006', 'Phone number invalid', 400, 'shopper'),
  EMAIL_INVALID: row('B0007', 'Email format invalid', 400, 'shopper'),
  SYSTEM_ERROR: row('C0001', 'System error', 500, 'operator', 'same-request'),
  TOO_MANY_REQUESTS: row('C0001', 'Too many requests; wait as Retry-After says', 429, 'developer', 'same-request'),
  UNAVAILABLE: row('C0001', 'The system is temporarily unavailable', 503, 'operator', 'same-request'),
  MERCHANT_CONTRACT_INVALID: row('C0002', 'Merchant contract invalid', 500, 'operator'),
  ORDER_STATE_INVALID: row('C0003', 'The state of the order is invalid; it cannot continue', 500, 'developer'),
  ORDER_MISMATCH: row('C0004', 'Order information mismatch', 500, 'developer'),
  CHANNEL_REJECTED: row('C0005', 'The channel rejected the request', 503, 'shopper'),
  CHANNEL_ERROR: row('C0006', 'Channel error', 503, 'operator', 'same-request'),
  CHANNEL_MAINTENANCE: row('C0007', 'The channel is under maintenance', 503, 'operator', 'same-request'),
  RISK_REJECTED: row('D0001', 'Rejected by risk control', 406, 'merchant'),
  STATUS_UNKNOWN: row(
    'E0001',
    'The outcome is not known yet; inquire, or wait for the notification',
    500,
    'developer',
    'inquire-first',
  ),
} as const satisfies Record<string, FaultRow>;

/** The name of a fault, e.g. `TOKEN_INVALID`. */
export type FaultName = keyof typeof faults;

/** A code that a gateway sends, e.g. `A0037`. `0` is success. */
export type WireCode = '0' | (typeof faults)[FaultName]['code'];

/** The success code. */
export const successCode = '0';

/**
 * Tells what a caller may do after an answer with this code.
 *
 * Several rows may share a code; they agree on `retry` or the most careful one wins.
 *
 * @param code - wire code, e.g. `E0001`
 * @returns the advice, or `inquire-first` for a code that this table does not know
 * @example retryAdvice('E0001') // 'inquire-first'
 */
export function retryAdvice(code: string): Retry {
  const rows = Object.values(faults).filter((fault) => fault.code === code);
  if (rows.length === 0) return 'inquire-first';
  const order: Retry[] = ['inquire-first', 'same-request', 'never'];
  return order.find((advice) => rows.some((fault) => fault.retry === advice)) ?? 'never';
}
