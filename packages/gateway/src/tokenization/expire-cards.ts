/**
 * The end of a month, for the cards of a merchant that are good to it: the account updater is asked about each, and where
 * it knows of no other card the token expires. One job for each merchant and month, however many cards.
 */
import { ProviderSilent } from '../connector/in-time.ts';
import type { Gateway } from '../gateway.ts';
import type { Job, JobResult } from '../job/runner.ts';
import { expireUnasked, refreshCard } from './refresh-card.ts';
import { listExpiringTokens, unwatchExpiryMonth } from './token.store.ts';

/** Keeps one run of the job well within its lease. */
const tokensAtOnce = 50;

/** The job of one month. */
export async function expireCards(gateway: Gateway, { merchantId, payload }: Job): Promise<JobResult> {
  const { expiry } = payload as { expiry: string };
  await unwatchExpiryMonth(gateway.database, merchantId, expiry);
  const tokens = await listExpiringTokens(gateway.database, merchantId, expiry, tokensAtOnce);
  let isSilent = false;
  for (const token of tokens) {
    try {
      if (isSilent) await expireUnasked(gateway, token);
      else await refreshCard(gateway, merchantId, token.tokenId);
    } catch (error) {
      gateway.log.error('the account updater did not answer; the card expires', { merchantId, error });
      // One that says nothing would hold each card up in turn.
      isSilent = error instanceof ProviderSilent;
      await expireUnasked(gateway, token);
    }
  }
  return tokens.length < tokensAtOnce ? 'done' : { retryAt: gateway.clock.now() };
}
