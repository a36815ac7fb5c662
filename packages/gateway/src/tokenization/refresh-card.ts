/**
 * Asks the account updater what became of the card behind a token, and takes that on: the token keeps its id, the card
 * behind it is replaced in its place, and the merchant is told. A card that is good no more expires its token. Asking
 * again changes nothing that is not news.
 */
import type { CardUpdate } from '../connector/account-updater.ts';
import { answerInTime } from '../connector/in-time.ts';
import type { Gateway } from '../gateway.ts';
import { newRowId } from '../id.ts';
import type { Job, JobResult } from '../job/runner.ts';
import type { Tx } from '../storage/database.ts';
import { CardMissing, replaceCard, type SealedCard, sealCard, withCard } from '../vault/vault.ts';
import { type CardSummary, summarise } from './card-summary.ts';
import { cardExpired } from './charge.ts';
import { notifyToken } from './notification.ts';
import { findToken, lockToken, saveToken } from './token.store.ts';
import { advance, allows, type Token } from './token.ts';
import { watchExpiry } from './watch-expiry.ts';

/** The job of one token. */
export async function refreshCardOf(gateway: Gateway, { merchantId, payload }: Job): Promise<JobResult> {
  const { tokenId } = payload as { tokenId: string };
  await refreshCard(gateway, merchantId, tokenId);
  return 'done';
}

/**
 * @throws what the account updater throws, and ProviderSilent; then nothing has changed
 */
export async function refreshCard(gateway: Gateway, merchantId: string, tokenId: string): Promise<void> {
  const token = await findToken(gateway.database, merchantId, tokenId);
  if (token?.cardId === undefined) return;
  await takeOn(gateway, token, await askAbout(gateway, token, token.cardId));
}

/** What the updater said, ready to be stored. */
type News =
  | { readonly kind: 'unchanged' | 'closed' }
  | { readonly kind: 'replaced'; readonly sealed: SealedCard; readonly summary: CardSummary };

async function askAbout(gateway: Gateway, token: Token, cardId: string): Promise<News> {
  const { merchantId, tokenId } = token;
  const reference = newRowId();
  const use = { merchantId, cardId, tokenId, purpose: 'account-update', reference };
  const now = gateway.clock.now();
  try {
    return await withCard(gateway, use, async (card) => {
      const asked = gateway.connectors.updaterOf(merchantId).ask({ merchantId, reference, card, now });
      const update = await answerInTime(gateway.clock, 'the account updater', asked).catch((error: unknown) => {
        asked.then(dispose, () => {});
        throw error;
      });
      return update.kind === 'replaced' ? await newsOf(gateway, { merchantId, cardId }, update) : update;
    });
  } catch (error) {
    // The token was removed meanwhile; or there is nothing left to ask about, and it ends with its month.
    if (error instanceof CardMissing) return { kind: 'unchanged' };
    throw error;
  }
}

/** Of an answer that came too late. */
function dispose(update: CardUpdate): void {
  if (update.kind === 'replaced') update.card.dispose();
}

async function newsOf(
  gateway: Gateway,
  place: { readonly merchantId: string; readonly cardId: string },
  { card }: Extract<CardUpdate, { kind: 'replaced' }>,
): Promise<News> {
  try {
    const summary = summarise(card, gateway.connectors.of(place.merchantId).factsOf(card.pan));
    return { kind: 'replaced', sealed: await sealCard(gateway, { ...place, card }), summary };
  } finally {
    card.dispose();
  }
}

async function takeOn(gateway: Gateway, { merchantId, tokenId, cardId }: Token, news: News): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const token = await lockToken(tx, merchantId, tokenId);
    if (token?.card === undefined || token.cardId !== cardId) return;
    const isGood = news.kind === 'replaced' && !cardExpired(news.summary, gateway.clock.now());
    if (isGood) await renew(gateway, tx, token, news);
    else if (news.kind !== 'unchanged' || cardExpired(token.card, gateway.clock.now()))
      await expire(gateway, tx, token);
  });
  gateway.nudge();
}

async function renew(
  gateway: Gateway,
  tx: Tx,
  token: Token,
  { sealed, summary }: Extract<News, { kind: 'replaced' }>,
): Promise<void> {
  const renewed = { ...advance(token, 'renewed', gateway.clock.now()), card: summary };
  await saveToken(tx, renewed);
  if (!(await replaceCard(tx, sealed))) throw new Error('a token has no card in the vault');
  await watchExpiry(gateway, tx, renewed);
  await notifyToken(gateway, tx, renewed);
}

/** A suspended token stays so; it is looked at again when it is let back. */
async function expire(gateway: Gateway, tx: Tx, token: Token): Promise<void> {
  if (!allows(token, 'expired')) return;
  const expired = advance(token, 'expired', gateway.clock.now());
  await saveToken(tx, expired);
  await notifyToken(gateway, tx, expired);
}

/** For an updater that cannot be asked: a card that is good no more expires its token all the same. */
export const expireUnasked = (gateway: Gateway, token: Token): Promise<void> =>
  takeOn(gateway, token, { kind: 'unchanged' });
