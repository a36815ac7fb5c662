/** What an order may do with a token: find the one to charge, and tell it that a charge authenticated its holder. */
import { isExpired, parseExpiry } from '@waffo/protocol/card';
import type { TokenStatus } from '@waffo/protocol/statuses';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Sql, Tx } from '../storage/database.ts';
import type { CardSummary } from './card-summary.ts';
import { notifyToken } from './notification.ts';
import {
  expectProvedTokens,
  findToken,
  listTokensOfUser,
  listUnproved,
  lockToken,
  lockTokens,
  refuseToken,
  saveToken,
  type Unproved,
} from './token.store.ts';
import { advance, allows } from './token.ts';

/** `tok_` and base62, 22 or more. */
const tokenIdForm = /^tok_[0-9A-Za-z]{22,60}$/;

export interface ChargeableToken {
  readonly tokenId: string;
  readonly merchantUserId: string;
  readonly cardId: string;
  readonly card: CardSummary;
}

/**
 * The token to charge.
 *
 * @param charge.initiator - a MIT needs a verified token
 * @param charge.asAccessToken - the token came as `userPaymentAccessToken` (shape V4), which has a code of its own
 * @throws Fault PAYMENT_TOKEN_INVALID (malformed), TOKEN_INVALID (unknown, removed, foreign, suspended), TOKEN_EXPIRED,
 *   TOKEN_UNVERIFIED or MIT_NEEDS_VERIFIED_TOKEN (decisions, "Paying with a token"); CHANNEL_REJECTED for a MIT with a card
 *   that its issuer refused for good
 */
export async function chargeableToken(
  gateway: Pick<Gateway, 'database' | 'clock'>,
  charge: { merchantId: string; tokenId: string; initiator: 'CIT' | 'MIT'; asAccessToken: boolean },
): Promise<ChargeableToken> {
  if (!tokenIdForm.test(charge.tokenId))
    throw new Fault('PAYMENT_TOKEN_INVALID', 'tokenId: malformed; it looks like tok_ and 22 characters');
  const token = await findToken(gateway.database, charge.merchantId, charge.tokenId);
  if (token?.cardId === undefined || token.card === undefined || token.status === 'SUSPENDED')
    throw new Fault('TOKEN_INVALID');
  if (token.status === 'EXPIRED' || cardExpired(token.card, gateway.clock.now())) throw new Fault('TOKEN_EXPIRED');
  if (charge.initiator === 'MIT' && token.status !== 'VERIFIED') {
    throw new Fault(charge.asAccessToken ? 'MIT_NEEDS_VERIFIED_TOKEN' : 'TOKEN_UNVERIFIED');
  }
  if (charge.initiator === 'MIT' && token.refusedAt !== undefined) throw new Fault('CHANNEL_REJECTED', refusedForGood);
  return { tokenId: token.tokenId, merchantUserId: token.merchantUserId, cardId: token.cardId, card: token.card };
}

const refusedForGood =
  'tokenId: the issuer refused this card for good; it can be charged again once the shopper has paid with it himself';

/**
 * Its issuer refused the card for good.
 *
 * @param token.chargedAt - which card it was: another one that has taken its place since is not refused
 */
export const refuseForGood = (
  gateway: Pick<Gateway, 'clock'>,
  tx: Tx,
  { chargedAt, ...token }: { readonly merchantId: string; readonly tokenId: string; readonly chargedAt: Date },
): Promise<void> => refuseToken(tx, token, { chargedAt, now: gateway.clock.now() });

/** Several tokens of which some will be changed, each by itself. */
export const holdTokens = (tx: Tx, merchantId: string, tokenIds: readonly string[]): Promise<void> =>
  lockTokens(tx, merchantId, tokenIds);

/** The cards that a shopper saved and can pay with now; none for a shopper without a name. */
export async function savedCardsOf(
  { database, clock }: Pick<Gateway, 'database' | 'clock'>,
  merchantId: string,
  merchantUserId: string,
): Promise<{ readonly tokenId: string; readonly card: CardSummary; readonly status: TokenStatus }[]> {
  const tokens = merchantUserId === '' ? [] : await listTokensOfUser(database, merchantId, merchantUserId);
  return tokens.flatMap(({ tokenId, card, status }) =>
    card !== undefined && ['UNVERIFIED', 'VERIFIED'].includes(status) && !cardExpired(card, clock.now())
      ? [{ tokenId, card, status }]
      : [],
  );
}

/** The card behind a token, as it may be shown; undefined of one that was removed. */
export const cardOf = async (
  { database }: Pick<Gateway, 'database'>,
  merchantId: string,
  tokenId: string,
): Promise<CardSummary | undefined> => (await findToken(database, merchantId, tokenId))?.card;

/**
 * A first approved charge with the shopper present verifies an unverified token; any other status stays. It takes back that the
 * card was refused for good.
 */
export async function authenticateToken(gateway: Gateway, tx: Tx, merchantId: string, tokenId: string): Promise<void> {
  const token = await lockToken(tx, merchantId, tokenId);
  if (token === undefined) return;
  if (!allows(token, 'authenticated')) {
    if (token.refusedAt !== undefined) await saveToken(tx, { ...token, refusedAt: undefined });
    return;
  }
  const verified = advance(token, 'authenticated', gateway.clock.now());
  await saveToken(tx, verified);
  await notifyToken(gateway, tx, verified);
}

/** What an approved charge changes of some tokens; the unverified in one order for all who lock tokens. */
export const unprovedAmong = (sql: Sql, merchantId: string, tokenIds: readonly string[]): Promise<Unproved> =>
  tokenIds.length === 0
    ? Promise.resolve({ unverified: [], nameless: new Set() })
    : listUnproved(sql, merchantId, tokenIds);

/** Refused when there would be any. */
export const expectNoneUnproved = (tx: Tx, merchantId: string, tokenIds: readonly string[]): Promise<void> =>
  tokenIds.length === 0 ? Promise.resolve() : expectProvedTokens(tx, merchantId, tokenIds);

/** Whether a card is good no more. A token's status says so a little later, when the account updater was asked. */
export function cardExpired(card: CardSummary, now: Date): boolean {
  const expiry = parseExpiry(card.expiry);
  return expiry === undefined || isExpired(expiry, now);
}
