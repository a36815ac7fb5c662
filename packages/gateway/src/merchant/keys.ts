/**
 * A merchant's keys: made, shown, replaced, revoked. The secret of an API key leaves this file once and is stored as a
 * hash; a merchant's own public key counts only when the merchant has proved to hold its private half, and two may be
 * active while one replaces the other (design D-08, D-09). A revoked key is refused from its commit on.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { checkMerchantKey, SignatureKeyError, verify } from '@waffo/protocol/signature';
import { urlIn } from '@waffo/protocol/url';
import type { Gateway } from '../gateway.ts';
import { newApiKey, newClientKey, randomBase62 } from '../id.ts';
import {
  findPublicKey,
  insertApiKey,
  insertClientKey,
  insertPublicKey,
  type KeyRow,
  knownKeys,
  listApiKeys as listApiKeyRows,
  listClientKeys as listClientKeyRows,
  listPublicKeys as listPublicKeyRows,
  lockMerchant,
  movePublicKey,
  type PublicKeyStatus,
  renewClaim,
  revokeKey,
  setClientKeyOrigins as setOrigins,
} from './key.store.ts';
import { weaknessOf } from './key-strength.ts';
import { storedKey } from './register.ts';

type Deps = Pick<Gateway, 'database' | 'clock' | 'config'>;

/** A key that cannot be used as asked; its message is one sentence that the merchant can act on. */
export class KeyRefused extends Error {
  override readonly name = 'KeyRefused';
}

/** What may be shown of an API key or client key. */
export interface ListedKey {
  /** Its public part, e.g. `wk_test_AbCdEfGh`. */
  readonly keyId: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | undefined;
}

export interface ListedPublicKey {
  /** The first 32 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo. */
  readonly keyId: string;
  /** CLAIMED waits for its proof. */
  readonly status: PublicKeyStatus;
  /** Base64 of SubjectPublicKeyInfo, one line. */
  readonly publicKey: string;
  readonly createdAt: Date;
}

/** Keys that may be active at a time: one, and the one that replaces it. */
const activePublicKeyLimit = 2;

/** Key ids of pairs whose private half, or much use, is public: our own vectors and Wycheproof's. */
const publishedKeyIds = new Set([
  '20b347da0f358e5e0a8adeb9dce441b1',
  '84c2ba7174e47cb7274ca3c6234afed0',
  '9eaa1c66575f3eec436b8f71d8956f9b',
  'c963778ab59460a32e2e78aed3deddd8',
]);

const stage = ({ config }: Deps) => (config.environment === 'production' ? 'live' : 'test');

/**
 * Makes an API key for a merchant's backend. Others stay as they are: revoke them when the new one is in use.
 *
 * @returns the key, which cannot be shown again, and its public part
 */
export async function issueApiKey(deps: Deps, merchantId: string): Promise<{ keyId: string; apiKey: string }> {
  const apiKey = newApiKey(stage(deps));
  const stored = storedKey('wk', apiKey);
  await insertApiKey(deps.database, { ...stored, merchantId, now: deps.clock.now() });
  return { keyId: stored.keyId, apiKey };
}

/** Makes a client key for pages of these origins, e.g. `https://shop.example`. */
export async function issueClientKey(
  deps: Deps,
  merchantId: string,
  origins: readonly string[],
): Promise<{ keyId: string; clientApiKey: string }> {
  const checked = origins.map((origin) => checkOrigin(deps, origin));
  const clientApiKey = newClientKey(stage(deps));
  const stored = storedKey('wck', clientApiKey);
  await insertClientKey(deps.database, { ...stored, merchantId, origins: checked, now: deps.clock.now() });
  return { keyId: stored.keyId, clientApiKey };
}

export const listApiKeys = async ({ database }: Pick<Deps, 'database'>, merchantId: string): Promise<ListedKey[]> =>
  (await listApiKeyRows(database, merchantId)).map(listed);

export const listClientKeys = async (
  { database }: Pick<Deps, 'database'>,
  merchantId: string,
): Promise<(ListedKey & { readonly origins: readonly string[] })[]> =>
  (await listClientKeyRows(database, merchantId)).map((row) => ({ ...listed(row), origins: row.origins }));

/** @throws KeyRefused when the merchant has no such key that is not revoked */
export async function revokeApiKey(deps: Deps, merchantId: string, keyId: string): Promise<void> {
  const isRevoked = await revokeKey(deps.database, 'api', { merchantId, keyId, now: deps.clock.now() });
  if (!isRevoked) throw noSuchKey(keyId);
}

/** @throws KeyRefused when the merchant has no such key that is not revoked */
export async function revokeClientKey(deps: Deps, merchantId: string, keyId: string): Promise<void> {
  const isRevoked = await revokeKey(deps.database, 'client', { merchantId, keyId, now: deps.clock.now() });
  if (!isRevoked) throw noSuchKey(keyId);
}

/**
 * @param origins - all that the key may be used from; they replace what was there
 * @throws KeyRefused for what is no origin, or when the merchant has no such key
 */
export async function setClientKeyOrigins(
  deps: Pick<Deps, 'database' | 'config'>,
  merchantId: string,
  keyId: string,
  origins: readonly string[],
): Promise<void> {
  const checked = origins.map((origin) => checkOrigin(deps, origin));
  const isSet = await setOrigins(deps.database, { merchantId, keyId, origins: checked });
  if (!isSet) throw noSuchKey(keyId);
}

export const listPublicKeys = async (
  { database }: Pick<Deps, 'database'>,
  merchantId: string,
): Promise<ListedPublicKey[]> =>
  (await listPublicKeyRows(database, merchantId)).map((row) => ({
    keyId: row.key_id,
    status: row.status,
    publicKey: row.spki.toString('base64'),
    createdAt: row.created_at,
  }));

/**
 * Takes a merchant's public key in. It verifies nothing until `provePublicKey` has seen the challenge signed.
 *
 * @param text - as `checkMerchantKey` takes it: base64 of SubjectPublicKeyInfo, or PEM
 * @returns `challenge`: the merchant signs these characters as they are, as it signs a body. They are no JSON, so that the
 *   proof can never be taken for a signed request. Asking again gives a new challenge.
 * @throws KeyRefused when the key is weak, is no RSA public key, is somebody else's, or was revoked
 */
export async function claimPublicKey(
  deps: Deps,
  merchantId: string,
  text: string,
): Promise<{ keyId: string; challenge: string }> {
  const spki = spkiOf(checked(text));
  const keyId = publicKeyIdOf(spki);
  await refuseBadKey(deps, merchantId, spki);
  const challenge = `WAFFO_VERIFY_${randomBase62(43)}`;
  const now = deps.clock.now();
  await deps.database.transaction(async (tx) => {
    if (!(await lockMerchant(tx, merchantId))) throw new KeyRefused(`there is no merchant ${merchantId}`);
    await insertPublicKey(tx, { merchantId, spki, status: 'CLAIMED', challenge, now });
    await renewClaim(tx, { merchantId, keyId, challenge, now });
    const row = await findPublicKey(tx, merchantId, keyId);
    if (row?.status === 'ACTIVE') throw new KeyRefused('this key is active already');
    if (row?.status === 'REVOKED') throw new KeyRefused('this key was revoked; make a new pair');
  });
  return { keyId, challenge };
}

/**
 * Makes a claimed key active.
 *
 * @param proof - base64 signature of the challenge (RSASSA-PKCS1-v1_5, SHA-256)
 * @throws KeyRefused when nothing was claimed, the proof does not fit, or two keys are active
 */
export async function provePublicKey(deps: Deps, merchantId: string, keyId: string, proof: string): Promise<void> {
  const now = deps.clock.now();
  const claimed = await findPublicKey(deps.database, merchantId, keyId);
  if (claimed === undefined || claimed.challenge === null) throw noSuchKey(keyId);
  await refuseBadKey(deps, merchantId, claimed.spki);
  if (!verify(Buffer.from(claimed.challenge), proof, keyOf(claimed.spki))) {
    throw new KeyRefused('the proof does not fit: sign the challenge, as it is, with the private key of this pair');
  }
  await deps.database.transaction(async (tx) => {
    await lockMerchant(tx, merchantId);
    const active = (await listPublicKeyRows(tx, merchantId)).filter(({ status }) => status === 'ACTIVE');
    if (active.length >= activePublicKeyLimit) {
      throw new KeyRefused(`${activePublicKeyLimit} keys are active; revoke the one that is no longer used`);
    }
    const current = await findPublicKey(tx, merchantId, keyId);
    if (current?.challenge !== claimed.challenge) throw new KeyRefused('the challenge was replaced by a newer one');
    if (!(await movePublicKey(tx, { merchantId, keyId, from: 'CLAIMED', to: 'ACTIVE', now }))) throw noSuchKey(keyId);
  });
}

/** Refuses signatures of this key from now on. @throws KeyRefused when the merchant has no such active key */
export async function revokePublicKey(deps: Deps, merchantId: string, keyId: string): Promise<void> {
  const move = { merchantId, keyId, from: 'ACTIVE', to: 'REVOKED', now: deps.clock.now() } as const;
  if (!(await movePublicKey(deps.database, move))) throw noSuchKey(keyId);
}

/** The id of a public key: SHA-256 of its SubjectPublicKeyInfo, the first 32 hexadecimal digits. */
const publicKeyIdOf = (spki: Buffer): string => createHash('sha256').update(spki).digest('hex').slice(0, 32);

async function refuseBadKey(deps: Deps, merchantId: string, spki: Buffer): Promise<void> {
  if (publishedKeyIds.has(publicKeyIdOf(spki))) {
    throw new KeyRefused('the private half of this key is published in examples; make a new pair');
  }
  const known = await knownKeys(deps.database);
  const same = known.find((row) => row.spki.equals(spki) && (row.is_platform || row.merchant_id !== merchantId));
  if (same?.is_platform) throw new KeyRefused('this is a key of the platform; give the public key of your own pair');
  if (same !== undefined) throw new KeyRefused('this key is in use elsewhere; make a new pair');
  const others = known.filter((row) => !row.spki.equals(spki)).map((row) => modulusOf(keyOf(row.spki)));
  const weakness = weaknessOf(modulusOf(keyOf(spki)), others);
  if (weakness !== undefined) throw new KeyRefused(weakness);
}

function checked(text: string): KeyObject {
  try {
    return checkMerchantKey(text);
  } catch (error) {
    if (error instanceof SignatureKeyError) throw new KeyRefused(error.message);
    throw error;
  }
}

const keyOf = (spki: Buffer): KeyObject => createPublicKey({ key: spki, format: 'der', type: 'spki' });

const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });

const modulusOf = (key: KeyObject): bigint =>
  BigInt(`0x${Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`);

const listed = (row: KeyRow): ListedKey => ({
  keyId: row.key_id,
  createdAt: row.created_at,
  revokedAt: row.revoked_at ?? undefined,
});

const noSuchKey = (keyId: string): KeyRefused => new KeyRefused(`this merchant has no such key: ${keyId}`);

/** An origin exactly as browsers send it. Where money is taken its pages come by https: on others anybody can change what a card is typed into. */
function checkOrigin({ config }: Pick<Deps, 'config'>, origin: string): string {
  if (!/^https?:\/\//.test(origin) || urlIn(origin)?.origin !== origin) {
    throw new KeyRefused(`${origin} is no origin; write it as browsers do, e.g. https://shop.example`);
  }
  if (config.environment === 'production' && !origin.startsWith('https:')) {
    throw new KeyRefused(`${origin} is without https; in production cards are typed on https pages only`);
  }
  return origin;
}
