/** The vault's own sealed places: the cards, and their fingerprints, which are made anew from the card. */
import { statement } from '../storage/database.ts';
import { CardBuffer } from './card-buffer.ts';
import { fingerprintBy } from './fingerprint.ts';
import { SealBroken, type SealingKey } from './seal.ts';
import {
  type BatchOf,
  type KeyUse,
  openOrNot,
  type PlaceDeps,
  restOf,
  type SealedPlace,
  type SealedRow,
  sealedColumn,
} from './sealed-place.ts';

const bindingOf = (merchantId: string, recordId: string) => ({ purpose: 'card', merchantId, recordId }) as const;

/** Cards in use by somebody are left for the next round: waiting for them while holding others could block both. */
const free = `with free as
  (select card_id from vault_card where merchant_id = $1 and card_id = any($3::uuid[]) for update skip locked)`;

export const cards: SealedPlace = sealedColumn({
  noun: 'cards',
  purpose: 'card',
  count: statement<KeyUse>(
    'vault-card/count-by-key',
    `select merchant_id, data_key_id as key_id, count(*)::int as values from vault_card group by merchant_id, data_key_id`,
  ),
  page: statement<SealedRow>(
    'vault-card/page',
    `select card_id as record_id, sealed from vault_card
     where merchant_id = $1 and data_key_id = $2 and ($3 = '' or card_id > nullif($3, '')::uuid)
     order by card_id limit $4`,
  ),
  replace: statement<{ record_id: string }>(
    'vault-card/replace',
    `${free}
     update vault_card c set data_key_id = $2, sealed = n.resealed
     from unnest($3::uuid[], $4::bytea[], $5::bytea[]) as n (card_id, sealed, resealed), free
     where c.merchant_id = $1 and c.card_id = n.card_id and c.sealed = n.sealed and free.card_id = c.card_id
     returning c.card_id as record_id`,
  ),
  bindingOf,
});

interface FingerprintRow extends SealedRow {
  readonly data_key_id: string;
  readonly fingerprint: Buffer;
}

const countFingerprints = statement<KeyUse>(
  'vault-fingerprint/count-by-key',
  `select merchant_id, fingerprint_key_id as key_id, count(*)::int as values
   from vault_card group by merchant_id, fingerprint_key_id`,
);
const pageFingerprints = statement<FingerprintRow>(
  'vault-fingerprint/page',
  `select card_id as record_id, data_key_id, sealed, fingerprint from vault_card
   where merchant_id = $1 and fingerprint_key_id = $2 and ($3 = '' or card_id > nullif($3, '')::uuid)
   order by card_id limit $4`,
);
const replaceFingerprints = statement<{ record_id: string }>(
  'vault-fingerprint/replace',
  `${free}
   update vault_card c set fingerprint_key_id = $2, fingerprint = n.renewed
   from unnest($3::uuid[], $4::bytea[], $5::bytea[]) as n (card_id, fingerprint, renewed), free
   where c.merchant_id = $1 and c.card_id = n.card_id and c.fingerprint = n.fingerprint and free.card_id = c.card_id
   returning c.card_id as record_id`,
);

export const fingerprints: SealedPlace = {
  noun: 'fingerprints',
  purpose: 'fingerprint',
  countByKey: (sql) => sql.rows(countFingerprints),
  async check(deps, batch) {
    const made = await withFingerprint(
      deps,
      batch,
      await deps.keyring.dataKeyById(deps.database, batch.merchantId, batch.keyId),
    );
    const rows = made.map((row) => ({ ...row, bytes: row.bytes?.equals(row.fingerprint) ? row.bytes : undefined }));
    return { done: rows.filter(({ bytes }) => bytes !== undefined).length, ...restOf(rows) };
  },
  async move(deps, batch, newer) {
    const rows = await withFingerprint(deps, batch, newer);
    const moves = rows.filter(({ bytes }) => bytes !== undefined);
    const columns = [
      moves.map(({ record_id }) => record_id),
      moves.map(({ fingerprint }) => fingerprint),
      moves.map(({ bytes }) => bytes),
    ];
    const moved =
      moves.length === 0
        ? []
        : await deps.database.rows(replaceFingerprints, [batch.merchantId, newer.keyId, ...columns]);
    return { done: moved.length, ...restOf(rows) };
  },
};

/** `bytes` is the fingerprint that the card of a row has under a key; undefined when the card does not open. */
async function withFingerprint({ database, keyring }: PlaceDeps, batch: BatchOf, by: SealingKey) {
  const { merchantId, keyId, after, limit } = batch;
  const rows = await database.rows(pageFingerprints, [merchantId, keyId, after, limit]);
  const found: (FingerprintRow & { readonly bytes: Buffer | undefined })[] = [];
  for (const row of rows) {
    const key = await keyring.dataKeyById(database, merchantId, row.data_key_id).catch(ifBroken);
    const record = key && openOrNot(key, bindingOf(merchantId, row.record_id), row.sealed);
    const card = record && new CardBuffer(record);
    found.push({ ...row, bytes: card && fingerprintBy(by, card.pan).fingerprint });
    card?.dispose();
  }
  return found;
}

/** A key that was tampered with opens no card; the fingerprints of its cards cannot be made. */
function ifBroken(error: unknown): undefined {
  if (!(error instanceof SealBroken)) throw error;
}
