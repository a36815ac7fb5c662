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
  /** Absent once removed. */
  readonly cardId: string | undefined;
  /** Absent once removed. */
  readonly card: CardSummary | undefined;
  readonly billingAddress: BillingAddress | undefined;
  readonly notifyUrl: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type TokenEvent = 'authenticated' | 'removed';

/** status → event → next status. What is missing is refused. REMOVED is final: card and fingerprint are erased. */
export const transitions: Readonly<Record<TokenStatus, Partial<Record<TokenEvent, TokenStatus>>>> = {
  UNVERIFIED: { authenticated: 'VERIFIED', removed: 'REMOVED' },
  VERIFIED: { removed: 'REMOVED' },
  SUSPENDED: { removed: 'REMOVED' },
  EXPIRED: { removed: 'REMOVED' },
  REMOVED: {},
};

/**
 * The token after an event.
 *
 * @throws Fault TOKEN_INVALID when the event does not fit the status
 */
export function advance(token: Token, event: TokenEvent, now: Date): Token {
  const status = transitions[token.status][event];
  if (status === undefined) throw new Fault('TOKEN_INVALID', `The token is ${token.status}.`);
  const erased = status === 'REMOVED' ? { cardId: undefined, card: undefined } : {};
  return { ...token, ...erased, status, updatedAt: now };
}

export const isRemoved = (token: Token): boolean => token.status === 'REMOVED';
