/**
 * Where cards rest. Nothing outside this folder sees a stored PAN, except the one function that `withCard` lends it to,
 * for as long as that runs; each such use is written down before. A CVV is never part of a stored card.
 */
import type { Clock } from '../clock.ts';
import { newRowId } from '../id.ts';
import type { Database, Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import type { Access, Act } from './access-entry.ts';
import { appendAfterGuess, openAccesses, recordAccess } from './access-log.ts';
import { CardBuffer } from './card-buffer.ts';
import { type Fingerprint, fingerprintOf, fingerprintsOf } from './fingerprint.ts';
import { KeyGone, type Keyring, withItsKey } from './keyring.ts';
import { open, type SealingKey, seal } from './seal.ts';
import {
  type CardRow,
  deleteCard,
  findByFingerprint,
  findCard,
  findCards,
  findEachCard,
  insertCards,
  updateCard,
} from './vault.store.ts';

/** There is no such card: it was erased, or belongs to somebody else. */
export class CardMissing extends Error {
  override readonly name = 'CardMissing';
}

/** A card as it rests: nothing in it can be read without its data key. */
export interface SealedCard extends Fingerprint {
  readonly merchantId: string;
  readonly cardId: string;
  readonly dataKeyId: string;
  readonly sealed: Buffer;
}

/**
 * Seals a card; the CVV is left out. Done before a transaction begins: making a first key takes one of its own.
 *
 * @param of.card - stays the caller's, who disposes of it
 * @param of.cardId - of the card that it takes the place of, for `replaceCard`; a new one when absent
 * @returns what `storeCard` stores
 */
export async function sealCard(
  keys: { readonly keyring: Keyring },
  { merchantId, card, cardId = newRowId() }: { merchantId: string; card: CardBuffer; cardId?: string },
): Promise<SealedCard> {
  const key = await keys.keyring.dataKey(merchantId, 'card');
  const fingerprint = await fingerprintOf(keys, merchantId, card.pan);
  const record = card.recordToStore();
  try {
    const sealed = seal(key, { purpose: 'card', merchantId, recordId: cardId }, record);
    return { merchantId, cardId, dataKeyId: key.keyId, sealed, ...fingerprint };
  } finally {
    record.fill(0);
  }
}

/** Stores a sealed card, in the transaction of what it was sealed for. */
export const storeCard = (tx: Tx, card: SealedCard, now: Date): Promise<void> => insertCards(tx, [card], now);

/** The same for several. */
export const storeCards = (tx: Tx, cards: readonly SealedCard[], now: Date): Promise<void> =>
  insertCards(tx, cards, now);

/**
 * Puts a card in the place of the one that has its id: whoever is about to open that finds the one or the other, never none.
 *
 * @returns false when the card was erased meanwhile; then nothing is stored
 */
export const replaceCard = (tx: Tx, card: SealedCard): Promise<boolean> => updateCard(tx, card);

/** Who opens a card, and why: what the access log keeps. */
export interface CardUse {
  readonly merchantId: string;
  readonly cardId: string;
  /** E.g. `purchase`. */
  readonly purpose: string;
  readonly reference: string;
  readonly tokenId?: string | undefined;
  /** What it is for, e.g. `order/A20261123…`. */
  readonly subject?: string | undefined;
  /** `gateway` when absent. */
  readonly actor?: string;
  /** `card.use` when absent. */
  readonly act?: Act;
}

/**
 * Lends a card to one function and wipes it when that ends, however it ends.
 *
 * @param use - written to the access log before the card is lent; when that fails it is not lent
 * @param lend - what it was given is wiped when it has resolved or thrown: nothing of it may be kept
 * @returns what `lend` answers
 * @throws CardMissing when this merchant has none of this id; SealBroken when its row was tampered with
 * @example
 * await withCard(gateway, { merchantId, cardId, purpose: 'purchase', reference }, (card) => acquirer.purchase(card));
 */
export async function withCard<T>(
  deps: { readonly database: Database; readonly keyring: Keyring; readonly clock: Clock },
  use: CardUse,
  lend: (card: CardBuffer) => Promise<T>,
): Promise<T> {
  const found = await findWithKey(deps, use.merchantId, use.cardId);
  await recordAccess(deps, accessOf(use));
  return lendFound(use, found, lend);
}

const accessOf = (use: CardUse): Access => ({ actor: 'gateway', act: 'card.use', ...use });

interface Found {
  readonly row: CardRow;
  readonly key: SealingKey;
}

async function lendFound<T>(
  { merchantId, cardId }: CardUse,
  { row, key }: Found,
  lend: (card: CardBuffer) => Promise<T>,
): Promise<T> {
  const card = new CardBuffer(open(key, { purpose: 'card', merchantId, recordId: cardId }, row.sealed));
  try {
    return await lend(card);
  } finally {
    card.dispose();
  }
}

/** A use that the access log has, once the transaction it was noted in is committed. */
export interface NotedUse {
  readonly use: CardUse;
  /** Undefined: this merchant has no such card, and nothing was noted. */
  readonly row: CardRow | undefined;
}

/**
 * Notes uses of cards in the transaction that makes them necessary, such as that of an intent to pay: one commit for both. It
 * locks the end of the merchant's chain of entries, so call it after all that the transaction may have to wait for.
 *
 * @param of.key - from `auditKey`
 * @param of.cardIds - of the cards that may be used
 * @returns notes some of them, once; what it asks goes out with the commit
 */
export async function openUses(
  tx: Tx,
  {
    key,
    merchantId,
    cardIds,
  }: { readonly key: SealingKey; readonly merchantId: string; readonly cardIds: readonly string[] },
): Promise<(uses: readonly CardUse[], others: readonly Access[], now: Date) => NotedUse[]> {
  const [rows, append] = await inOneWrite([findCards(tx, merchantId, cardIds), openAccesses(tx, key, merchantId)]);
  return (uses, others, now) => {
    const noted = uses.map((use): NotedUse => ({ use, row: rows.get(use.cardId) }));
    const entries = noted.flatMap(({ use, row }) => (row === undefined ? [] : [accessOf(use)]));
    tx.last(append([...entries, ...others], now));
    return noted;
  };
}

/**
 * The same in a transaction that is asked at once; refused when one of the cards is not there, or the end of the chain of entries
 * is not where it is guessed to be (see `endIsGuessed`). Call it last.
 *
 * @param of.others - accesses that are noted with them
 */
export async function noteUsesAtOnce(
  tx: Tx,
  { key, merchantId }: { readonly key: SealingKey; readonly merchantId: string },
  uses: readonly CardUse[],
  others: readonly Access[],
  now: Date,
): Promise<NotedUse[]> {
  const cardIds = [...new Set(uses.map(({ cardId }) => cardId))];
  const [rows] = await inOneWrite([
    findEachCard(tx, merchantId, cardIds),
    appendAfterGuess(tx, key, merchantId, [...uses.map(accessOf), ...others], now),
  ]);
  return uses.map((use) => ({ use, row: rows.get(use.cardId) }));
}

/**
 * Lends a card whose use was noted. Call it after that was committed.
 *
 * @throws as `withCard`
 */
export async function withNotedCard<T>(
  deps: { readonly database: Database; readonly keyring: Keyring },
  { use, row }: NotedUse,
  lend: (card: CardBuffer) => Promise<T>,
): Promise<T> {
  if (row === undefined) throw new CardMissing(noSuchCard);
  const { merchantId, cardId } = use;
  const found = await keyOf(deps, merchantId, row).catch((error) => {
    // Its key was retired since it was read: so it was moved to a newer one.
    if (error instanceof KeyGone) return findWithKey(deps, merchantId, cardId);
    throw error;
  });
  return lendFound(use, found, lend);
}

const noSuchCard = 'the card is not in the vault';

const findWithKey = (
  { database, keyring }: { readonly database: Database; readonly keyring: Keyring },
  merchantId: string,
  cardId: string,
) =>
  withItsKey(async () => {
    const row = await findCard(database, merchantId, cardId);
    if (row === undefined) throw new CardMissing(noSuchCard);
    return keyOf({ database, keyring }, merchantId, row);
  });

const keyOf = async (
  { database, keyring }: { readonly database: Database; readonly keyring: Keyring },
  merchantId: string,
  row: CardRow,
): Promise<Found> => ({ row, key: await keyring.dataKeyById(database, merchantId, row.data_key_id) });

/**
 * The cards of a merchant that have this number, the oldest first; also while fingerprint keys rotate.
 *
 * @param of.card - stays the caller's, who disposes of it
 * @returns their card ids
 */
export async function findSameCards(
  deps: { readonly database: Database; readonly keyring: Keyring },
  { merchantId, card }: { readonly merchantId: string; readonly card: CardBuffer },
): Promise<string[]> {
  const fingerprints = await fingerprintsOf(deps, merchantId, card.pan);
  return findByFingerprint(
    deps.database,
    merchantId,
    fingerprints.map(({ fingerprint }) => fingerprint),
  );
}

/** Erases a card and its fingerprint, for good; false when it was gone already. */
export const eraseCard = (tx: Tx, { merchantId, cardId }: { merchantId: string; cardId: string }): Promise<boolean> =>
  deleteCard(tx, merchantId, cardId);
