/**
 * Holds a token back, and lets it be charged again: an operator's deed, for the merchant or for the risk. The published API
 * has no operation for it; the merchant is told by notification. Doing it twice changes nothing the second time.
 */
import type { TokenStatus } from '@waffo/protocol/statuses';
import { type ClockDeps, clockOf } from '../job/merchant-clock.ts';
import { enqueue } from '../job/queue.ts';
import { AdministrationRefused } from '../merchant/administer.ts';
import type { Tx } from '../storage/database.ts';
import { notifyToken } from './notification.ts';
import { findToken, listTokensOfUser, lockToken, saveToken } from './token.store.ts';
import { advance, allows, type Token, type TokenEvent } from './token.ts';

export type TokenDeps = ClockDeps;

/** A token as an operator sees it. */
export interface TokenView {
  readonly tokenId: string;
  readonly tokenStatus: TokenStatus;
  readonly merchantUserId: string;
  /** First six, stars, last four; empty once removed. */
  readonly maskedCard: string;
  /** `MM/YYYY`; empty once removed. */
  readonly expiry: string;
  readonly scheme: string;
}

/** @throws AdministrationRefused TOKEN_UNKNOWN */
export async function showToken({ database }: TokenDeps, merchantId: string, tokenId: string): Promise<TokenView> {
  return viewOf((await findToken(database, merchantId, tokenId)) ?? unknown(tokenId));
}

/** Those of one user that are not removed, the oldest first. */
export const listTokens = async (
  { database }: TokenDeps,
  merchantId: string,
  merchantUserId: string,
): Promise<TokenView[]> => (await listTokensOfUser(database, merchantId, merchantUserId)).map(viewOf);

/**
 * UNVERIFIED or VERIFIED → SUSPENDED: charges of it are refused with A0037 from now on; those under way go on.
 *
 * @throws AdministrationRefused TOKEN_UNKNOWN, or TOKEN_FIXED for an expired or removed token
 */
export const suspendToken = (deps: TokenDeps, merchantId: string, tokenId: string): Promise<TokenView> =>
  change(deps, merchantId, tokenId, { event: 'suspended', status: 'SUSPENDED' });

/**
 * SUSPENDED → what it was before. The account updater is asked about it at once: its card may have expired meanwhile.
 *
 * @throws AdministrationRefused TOKEN_UNKNOWN, or TOKEN_FIXED for an expired or removed token
 */
export const resumeToken = (deps: TokenDeps, merchantId: string, tokenId: string): Promise<TokenView> =>
  change(deps, merchantId, tokenId, { event: 'resumed', status: undefined }, (tx, now) =>
    queueRefresh(tx, merchantId, tokenId, now),
  );

/**
 * Has the account updater asked about a token's card; the running gateway does it.
 *
 * @throws AdministrationRefused TOKEN_UNKNOWN
 */
export async function askAboutToken(deps: TokenDeps, merchantId: string, tokenId: string): Promise<TokenView> {
  const shown = await showToken(deps, merchantId, tokenId);
  const clock = await clockOf(deps, merchantId);
  await deps.database.transaction((tx) => queueRefresh(tx, merchantId, tokenId, clock.now()));
  return shown;
}

const queueRefresh = (tx: Tx, merchantId: string, tokenId: string, now: Date): Promise<void> =>
  enqueue(tx, { kind: 'tokenization/refresh-card', merchantId, payload: { tokenId }, dueAt: now, now });

async function change(
  deps: TokenDeps,
  merchantId: string,
  tokenId: string,
  { event, status }: { readonly event: TokenEvent; readonly status: TokenStatus | undefined },
  besides?: (tx: Tx, now: Date) => Promise<void>,
): Promise<TokenView> {
  const clock = await clockOf(deps, merchantId);
  return deps.database.transaction(async (tx) => {
    const token = (await lockToken(tx, merchantId, tokenId)) ?? unknown(tokenId);
    const isDone = status === undefined ? ['UNVERIFIED', 'VERIFIED'].includes(token.status) : token.status === status;
    if (isDone) return viewOf(token);
    if (!allows(token, event))
      throw new AdministrationRefused('TOKEN_FIXED', `the token ${tokenId} is ${token.status}; it cannot be ${event}`);
    const changed = advance(token, event, clock.now());
    await saveToken(tx, changed);
    await notifyToken({ clock }, tx, changed);
    await besides?.(tx, clock.now());
    return viewOf(changed);
  });
}

function unknown(tokenId: string): never {
  throw new AdministrationRefused('TOKEN_UNKNOWN', `the merchant has no token ${tokenId}`);
}

const viewOf = ({ tokenId, status, merchantUserId, card }: Token): TokenView => ({
  tokenId,
  tokenStatus: status,
  merchantUserId,
  maskedCard: card?.masked ?? '',
  expiry: card?.expiry ?? '',
  scheme: card?.scheme ?? '',
});
