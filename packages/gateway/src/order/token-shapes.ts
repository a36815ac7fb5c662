/**
 * Where a token may stand in `order/create` and `subscription/create`: every published shape, V1 to V9 of contract section 8. Pure. Two shapes
 * that name different tokens are refused; shapes that agree are one.
 */
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';

type Order = RequestOf<typeof operations.create>;
type Shapes = 'userPaymentAccessToken' | 'payMethodProperties' | 'payMethodUserAccessToken' | 'payMethodPublicUid';

/** Any request that may name a token. */
export interface Input extends Pick<Order, 'tokenId' | 'paymentTokenData' | 'extraParams'> {
  readonly paymentInfo: Pick<Order['paymentInfo'], Shapes | 'merchantInitiatedMode'>;
}

export interface TokenReference {
  readonly tokenId: string;
  /** It came as `userPaymentAccessToken` only (V4), which has a fault of its own for merchant-initiated payments. */
  readonly asAccessToken: boolean;
}

interface Shape {
  readonly member: string;
  readonly read: (input: Input) => string | undefined;
}

/** V7 (`innerCardData`) is accepted and ignored; V9 is V1 in another operation. */
const shapes: readonly Shape[] = [
  { member: 'tokenId', read: (input) => input.tokenId },
  { member: 'paymentTokenData', read: (input) => fromPaymentTokenData(input.paymentTokenData) },
  { member: 'paymentInfo.userPaymentAccessToken', read: (input) => input.paymentInfo.userPaymentAccessToken },
  { member: 'paymentInfo.payMethodProperties', read: (input) => properties(input).cardToken },
  { member: 'paymentInfo.payMethodUserAccessToken', read: (input) => input.paymentInfo.payMethodUserAccessToken },
  { member: 'paymentInfo.payMethodPublicUid', read: (input) => input.paymentInfo.payMethodPublicUid },
  { member: 'extraParams.tokenId', read: (input) => input.extraParams?.tokenId },
];

/**
 * The token that a request names.
 *
 * @throws Fault PARAMETER_INVALID when two shapes disagree, PAYMENT_TOKEN_INVALID when `paymentTokenData` holds none,
 *   PAY_METHOD_UNAVAILABLE when there is none at all
 */
export function tokenOf(input: Input): TokenReference {
  const given = shapesIn(input);
  const [first, ...others] = given;
  if (first === undefined) {
    throw new Fault(
      'PAY_METHOD_UNAVAILABLE',
      'tokenId: give the token to pay with; bind a card first with tokenization/generate',
    );
  }
  const other = others.find((shape) => shape.tokenId !== first.tokenId);
  if (other !== undefined)
    throw new Fault('PARAMETER_INVALID', `${other.member}: names another token than ${first.member}`);
  return {
    tokenId: first.tokenId,
    asAccessToken: given.every((shape) => shape.member === 'paymentInfo.userPaymentAccessToken'),
  };
}

/** Whether any shape names a token, well-formed or not; empty text names none, in every shape. */
export const namesToken = (input: Input): boolean => Boolean(input.paymentTokenData) || shapesIn(input).length > 0;

const shapesIn = (input: Input) =>
  shapes
    .map(({ member, read }) => ({ member, tokenId: read(input) }))
    .filter(
      (shape): shape is { member: string; tokenId: string } => shape.tokenId !== undefined && shape.tokenId !== '',
    );

/** Who initiates: `merchantInitiatedMode`, or `cardTransactionType` inside `payMethodProperties`. */
export function initiatorOf(input: Input): 'CIT' | 'MIT' {
  const mode = input.paymentInfo.merchantInitiatedMode;
  if (mode !== undefined && mode !== '' && mode !== 'scheduled' && mode !== 'unscheduled') {
    throw new Fault('PARAMETER_INVALID', 'paymentInfo.merchantInitiatedMode: expected scheduled or unscheduled');
  }
  return mode || properties(input).cardTransactionType === 'MIT' ? 'MIT' : 'CIT';
}

/** What `payMethodProperties` holds, unread. @throws Fault PARAMETER_INVALID */
export function propertiesOf({ payMethodProperties: text }: Pick<Input['paymentInfo'], 'payMethodProperties'>) {
  const held = text === undefined || text === '' ? {} : parsed(text);
  if (held === undefined)
    throw new Fault('PARAMETER_INVALID', 'paymentInfo.payMethodProperties: expected a string that holds a JSON object');
  return held;
}

function properties({ paymentInfo }: Input): { cardToken?: string; cardTransactionType?: string } {
  const { cardToken, cardTransactionType } = propertiesOf(paymentInfo);
  return {
    ...(typeof cardToken === 'string' && { cardToken }),
    ...(typeof cardTransactionType === 'string' && { cardTransactionType }),
  };
}

/** V2 is an object; V3 a string, which is V2 when it holds JSON with a tokenId. Wallet tokens are not taken yet. */
function fromPaymentTokenData(data: Input['paymentTokenData']): string | undefined {
  if (data === undefined || data === '') return undefined;
  const held = typeof data === 'string' ? parsed(data) : data;
  if (typeof held?.tokenId === 'string') return held.tokenId;
  throw new Fault('PAYMENT_TOKEN_INVALID', 'paymentTokenData: holds no tokenId');
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
