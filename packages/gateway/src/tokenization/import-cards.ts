/**
 * Cards that move in from another vault: each line of a file, a JWE to the merchant's import key, becomes a token, once,
 * however often the file is given. Nothing is asked of an issuer. It must never tell a number, not even of a line that it
 * refuses.
 */

import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newTokenId } from '../id.ts';
import { requestFingerprint } from '../idempotency.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { recordAccess } from '../vault/access-log.ts';
import { fingerprintOf } from '../vault/fingerprint.ts';
import type { LineOpener } from '../vault/import-key.ts';
import { type MovingCard, MovingCardRefused } from '../vault/moving-card.ts';
import { TransferRefused } from '../vault/transfer-envelope.ts';
import { findSameCards, sealCard, storeCard } from '../vault/vault.ts';
import { summarise } from './card-summary.ts';
import { checkCard } from './check-card.ts';
import { endSession, findSession, insertSession } from './session.store.ts';
import { findToken, insertToken, listTokensByCard } from './token.store.ts';
import type { Token } from './token.ts';
import { refuseFullUser } from './user-limit.ts';
import { watchExpiry } from './watch-expiry.ts';

type Deps = Pick<Gateway, 'config' | 'clock' | 'database' | 'keyring' | 'connectors'>;

/** What became of a line; `id` is the other vault's, where it could be read. */
export interface ImportedLine {
  readonly id: string | undefined;
  /** `duplicate`: the user has a token for this card already, which is named. */
  readonly result: 'imported' | 'duplicate' | 'refused';
  /** Absent of a line that a dry run would take, and of a refused one. */
  readonly tokenId: string | undefined;
  readonly reason: string | undefined;
}

/** One reading of a file. */
export interface ImportRun {
  readonly merchant: Merchant;
  readonly opener: LineOpener;
  /** Who imports, as the access log names people. */
  readonly actor: string;
  /** Of this run, for the access log. */
  readonly reference: string;
  /** Cards that a dry run would have taken, by keyed hash; undefined when it is none. */
  readonly wouldHave: Set<string> | undefined;
}

/**
 * Takes one line.
 *
 * @param jwe - compact serialisation; its content is told in docs/guide/token-transfer.md
 * @returns what became of it; a line that does not fit is refused with a reason in words
 * @throws what the database throws: the same line may be given again
 */
export async function importLine(deps: Deps, run: ImportRun, jwe: string): Promise<ImportedLine> {
  let moving: MovingCard | undefined;
  try {
    moving = run.opener.open(jwe);
    return await take(deps, run, moving);
  } catch (error) {
    const known = error instanceof TransferRefused || (error instanceof Fault && error.fault !== 'STATUS_UNKNOWN');
    if (!known) throw error;
    const id = moving?.id ?? (error instanceof MovingCardRefused ? error.id : undefined);
    return { id, result: 'refused', tokenId: undefined, reason: error.message };
  } finally {
    moving?.card.dispose();
  }
}

async function take(deps: Deps, run: ImportRun, moving: MovingCard): Promise<ImportedLine> {
  const { merchantId } = run.merchant;
  const { id, merchantUserId, card } = moving;
  const earlier = await importedBefore(deps, merchantId, moving);
  if (earlier !== undefined) return earlier;
  checkCard(card, deps.connectors.of(merchantId), deps);
  const same = await findSameCards(deps, { merchantId, card });
  const [twin] = await listTokensByCard(deps.database, { merchantId, merchantUserId }, same);
  if (twin !== undefined) return { id, result: 'duplicate', tokenId: twin.tokenId, reason: undefined };
  await refuseFullUser(deps.database, merchantId, merchantUserId);
  if (run.wouldHave !== undefined) return wouldTake(deps, run.merchant, moving, run.wouldHave);
  const tokenId = await makeToken(deps, run, moving);
  return tokenId === undefined ? take(deps, run, moving) : { id, result: 'imported', tokenId, reason: undefined };
}

/** A line that was taken before answers the same again, as long as its token stands for its card; another binding is none of ours. */
async function importedBefore(deps: Deps, merchantId: string, moving: MovingCard): Promise<ImportedLine | undefined> {
  const { id, card } = moving;
  const session = await findSession(deps.database, merchantId, id);
  if (session === undefined) return undefined;
  const isOurs = session.requestFingerprint.equals(fingerprintOfLine(moving)) && session.tokenId !== undefined;
  if (!isOurs) return refused(id, 'id: another binding of the merchant has it');
  const token = await findToken(deps.database, merchantId, session.tokenId);
  if (token?.cardId === undefined) return refused(id, 'id: the token that it became was removed');
  const same = await findSameCards(deps, { merchantId, card });
  return same.includes(token.cardId)
    ? { id, result: 'imported', tokenId: token.tokenId, reason: undefined }
    : refused(id, 'id: the token that it became stands for another card number');
}

const refused = (id: string, reason: string): ImportedLine => ({ id, result: 'refused', tokenId: undefined, reason });

async function wouldTake(
  deps: Deps,
  { merchantId }: Merchant,
  { id, merchantUserId, card }: MovingCard,
  wouldHave: Set<string>,
): Promise<ImportedLine> {
  const { fingerprint } = await fingerprintOf(deps, merchantId, card.pan);
  const key = `${fingerprint.toString('base64url')}/${merchantUserId}`;
  const result = wouldHave.has(key) ? 'duplicate' : 'imported';
  wouldHave.add(key);
  return { id, result, tokenId: undefined, reason: undefined };
}

/** @returns undefined when the same line was faster elsewhere */
async function makeToken(deps: Deps, run: ImportRun, moving: MovingCard): Promise<string | undefined> {
  const { merchantId } = run.merchant;
  const { card } = moving;
  const sealed = await sealCard(deps, { merchantId, card });
  const token = newToken(deps, run.merchant, moving, sealed.cardId);
  const { actor, reference } = run;
  const { cardId } = sealed;
  const { tokenId } = token;
  await recordAccess(deps, { merchantId, actor, act: 'token.import', purpose: 'card', cardId, tokenId, reference });
  const { createdAt } = token;
  const made = await deps.database.transaction(async (tx) => {
    if (!(await insertSession(tx, sessionOf(token, moving)))) return false;
    await storeCard(tx, sealed, createdAt);
    await insertToken(tx, token);
    await endSession(tx, token, { status: 'BOUND', tokenId }, createdAt);
    await watchExpiry(deps, tx, token);
    return true;
  });
  return made ? tokenId : undefined;
}

function newToken(deps: Deps, { merchantId, settings }: Merchant, moving: MovingCard, cardId: string): Token {
  const { id, merchantUserId, billingAddress, authenticated, card } = moving;
  const now = deps.clock.now();
  return {
    merchantId,
    tokenId: newTokenId(),
    tokenRequestId: id,
    merchantUserId,
    subMerchantId: undefined,
    status: authenticated ? 'VERIFIED' : 'UNVERIFIED',
    formerStatus: undefined,
    cardId,
    card: summarise(card, deps.connectors.of(merchantId).factsOf(card.pan)),
    billingAddress,
    notifyUrl: settings.tokenNotifyUrl,
    createdAt: now,
    updatedAt: now,
  };
}

const sessionOf = (token: Token, moving: MovingCard) => ({
  ...token,
  requestFingerprint: fingerprintOfLine(moving),
  sessionId: undefined,
  sealedPrivateKey: undefined,
  expiresAt: undefined,
  threeDsDecision: undefined,
});

/** The number is compared with the vault's: a keyed hash of it would change with its key. */
const fingerprintOfLine = ({ id, merchantUserId }: MovingCard): Buffer =>
  requestFingerprint({ imported: id, merchantUserId });
