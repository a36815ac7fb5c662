/**
 * A token: our stand-in for a card, of one merchant. It never contains the card; `cardId` names a record of the vault
 * and `card` is what may be shown. A binding that failed never becomes one.
 */
import type { TokenStatus } from '@waffo/protocol/statuses';
import { Fault } from '../fault.ts';
import type { CardSummary } from './card-summary.ts';

export interface BillingAddress {
  readonly countryCode?: string | undefined;
  readonly region?: string | undefined;
  readonly city?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly address?: string | undefined;
}

export interface Token {
  readonly merchantId: string;
  readonly tokenId: string;
  readonly tokenRequestId: string;
  readonly merchantUserId: string;
  readonly subMerchantId: string | undefined;
  readonly status: TokenStatus;
  /** What it was before it was suspended or expired, and becomes again. */
  readonly formerStatus: TokenStatus | undefined;
  /** Absent once removed. */
  readonly cardId: string | undefined;
  /** Absent once removed. */
  readonly card: CardSummary | undefined;
  /** When its issuer refused the card for good: it is not charged without its holder until he has paid with it himself. */
  readonly refusedAt?: Date | undefined;
  /** When the account updater last put another card in the place of the one that was bound. */
  readonly renewedAt?: Date | undefined;
  readonly billingAddress: BillingAddress | undefined;
  readonly notifyUrl: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * `authenticated`: a charge with the shopper present was approved. `suspended`, `resumed`: the merchant or its operator
 * said so. `expired`: the card behind it is good no more. `renewed`: the account updater knows the card that took its place.
 */
export type TokenEvent = 'authenticated' | 'suspended' | 'resumed' | 'expired' | 'renewed' | 'removed';

/** status → event → next status; `former` is what it was before. What is missing is refused. REMOVED is final: card and fingerprint are erased. */
export const transitions: Readonly<Record<TokenStatus, Partial<Record<TokenEvent, TokenStatus | 'former'>>>> = {
  UNVERIFIED: {
    authenticated: 'VERIFIED',
    suspended: 'SUSPENDED',
    expired: 'EXPIRED',
    renewed: 'UNVERIFIED',
    removed: 'REMOVED',
  },
  VERIFIED: { suspended: 'SUSPENDED', expired: 'EXPIRED', renewed: 'VERIFIED', removed: 'REMOVED' },
  SUSPENDED: { resumed: 'former', renewed: 'SUSPENDED', removed: 'REMOVED' },
  EXPIRED: { renewed: 'former', removed: 'REMOVED' },
  REMOVED: {},
};

/** Whether the table has a row for it. */
export const allows = ({ status }: Pick<Token, 'status'>, event: TokenEvent): boolean =>
  transitions[status][event] !== undefined;

/**
 * The token after an event.
 *
 * @throws Fault TOKEN_INVALID when the event does not fit the status
 */
export function advance(token: Token, event: TokenEvent, now: Date): Token {
  const next = transitions[token.status][event];
  if (next === undefined) throw new Fault('TOKEN_INVALID', `The token is ${token.status}.`);
  const status = next === 'former' ? (token.formerStatus ?? 'UNVERIFIED') : next;
  const erased = status === 'REMOVED' ? { cardId: undefined, card: undefined } : {};
  const refusedAt = ['renewed', 'authenticated'].includes(event) ? undefined : token.refusedAt;
  const renewedAt = event === 'renewed' ? now : token.renewedAt;
  const formerStatus = formerAfter(token, status);
  return { ...token, ...erased, status, refusedAt, renewedAt, formerStatus, updatedAt: now };
}

/** Only what waits to become something else again remembers what that is. */
function formerAfter(token: Token, status: TokenStatus): TokenStatus | undefined {
  if (status !== 'SUSPENDED' && status !== 'EXPIRED') return undefined;
  return status === token.status ? token.formerStatus : token.status;
}

export const isRemoved = (token: Token): boolean => token.status === 'REMOVED';
