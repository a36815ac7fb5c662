/**
 * Who may see a challenge: the one browser that opened its link. The link works once; it is exchanged for another secret
 * that lives in a cookie only, and the CVV's hold is sealed anew under that, so that a link in a log opens nothing.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Gateway } from '../gateway.ts';
import { newBrowserSecret } from '../id.ts';
import { clockOf } from '../job/merchant-clock.ts';
import { rekeyCvv } from '../vault/cvv-hold.ts';
import { findAuthentication, markLinkOpened } from './authentication.store.ts';
import type { Authentication } from './authentication.ts';

/** What is kept of a browser's secret. */
export const secretHash = (secret: Buffer): Buffer => createHash('sha256').update(secret).digest();

/**
 * The authentication whose page this browser may see.
 *
 * @param secret - from the cookie; undefined when there was none
 * @returns undefined for an unknown id and for a foreign browser alike
 */
export async function visitorsAuthentication(
  { database }: Pick<Gateway, 'database'>,
  authenticationId: string,
  secret: Buffer | undefined,
): Promise<Authentication | undefined> {
  const authentication = await findAuthentication(database, authenticationId);
  if (authentication?.openedAt === undefined || secret === undefined) return undefined;
  return isHolder(authentication, secret) ? authentication : undefined;
}

/**
 * Uses a link up.
 *
 * @param link.secret - from the link
 * @returns what the cookie must carry; undefined when the link is unknown, forged or was used before
 */
export async function openLink(
  gateway: Pick<Gateway, 'config' | 'database' | 'clock'>,
  link: { readonly authenticationId: string; readonly secret: Buffer },
): Promise<Buffer | undefined> {
  const { database } = gateway;
  const authentication = await findAuthentication(database, link.authenticationId);
  if (authentication === undefined || authentication.openedAt !== undefined || !isHolder(authentication, link.secret)) {
    return undefined;
  }
  const secret = newBrowserSecret();
  const { merchantId, authenticationId } = authentication;
  const clock = await clockOf(gateway, merchantId);
  const opened = await database.transaction(async (tx) => {
    if (!(await markLinkOpened(tx, authentication, secretHash(secret), clock.now()))) return false;
    await rekeyCvv(tx, { merchantId, holdId: authenticationId, secret: link.secret }, secret);
    return true;
  });
  return opened ? secret : undefined;
}

const isHolder = ({ holderHash }: Authentication, secret: Buffer): boolean =>
  timingSafeEqual(holderHash, secretHash(secret));
