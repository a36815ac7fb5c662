/** SQL of the vault: keys and cards. Only sealed bytes and keyed hashes pass through here. */
import { type Sql, type Statement, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import { groupedById } from '../storage/grouped.ts';

export interface DataKeyRow {
  merchant_id: string;
  data_key_id: string;
  purpose: string;
  kek_id: string;
  wrapped: Buffer;
  created_at: Date;
}

export interface KekRow {
  kek_id: string;
  check_value: Buffer;
  created_at: Date;
  /** Whether a data key is wrapped by it. */
  used: boolean;
}

export interface CardRow {
  data_key_id: string;
  sealed: Buffer;
}

const allKeks = statement<KekRow>(
  'vault/all-keks',
  `select kek_id, check_value, created_at, exists(select from vault_data_key d where d.kek_id = k.kek_id) as used
   from vault_kek k order by created_at desc`,
);
const anyKek = statement<{ kek_id: string }>('vault/any-kek', 'select kek_id from vault_kek limit 1');
const insertKekRow = statement(
  'vault/insert-kek',
  'insert into vault_kek (kek_id, check_value, created_at) values ($1, $2, $3)',
);

const keyColumns = 'merchant_id, data_key_id, purpose, kek_id, wrapped, created_at';
const newestKey = statement<DataKeyRow>(
  'vault/newest-key',
  `select ${keyColumns} from vault_data_key where merchant_id = $1 and purpose = $2 order by created_at desc, data_key_id desc limit 1`,
);
const findKey = statement<DataKeyRow>(
  'vault/find-key',
  `select ${keyColumns} from vault_data_key where merchant_id = $1 and data_key_id = $2`,
);
const keysOf = statement<DataKeyRow>(
  'vault/keys-of',
  `select ${keyColumns} from vault_data_key where merchant_id = $1 and purpose = $2 order by created_at desc, data_key_id desc`,
);
const count = statement<{ seals: bigint }>(
  'vault/count-seals',
  `update vault_data_key set seals = seals + $3 where merchant_id = $1 and data_key_id = $2 and seals + $3 <= $4
   returning seals`,
);
/** Two processes may want the first key at once: the lock lets the second see what the first made. Ends with the transaction. */
const lockKeys = statement('vault/lock-keys', 'select pg_advisory_xact_lock(hashtextextended($1, 0))');
const insertKeyRow = statement(
  'vault/insert-key',
  `insert into vault_data_key (${keyColumns}) values ($1, $2, $3, $4, $5, $6)`,
);

const insertCardRows = statement(
  'vault/insert-cards',
  `insert into vault_card (merchant_id, card_id, data_key_id, sealed, fingerprint, fingerprint_version, fingerprint_key_id, created_at)
   select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::integer[], $7::uuid[], $8::timestamptz[])`,
);
const updateCardRow = statement<{ card_id: string }>(
  'vault/update-card',
  `update vault_card
   set data_key_id = $3, sealed = $4, fingerprint = $5, fingerprint_version = $6, fingerprint_key_id = $7
   where merchant_id = $1 and card_id = $2 returning card_id`,
);
const findCardRow = statement<CardRow & { merchant_id: string; card_id: string }>(
  'vault/find-card',
  `select merchant_id, card_id, data_key_id, sealed from unnest($1::text[], $2::uuid[]) as asked (merchant_id, card_id)
     join vault_card using (merchant_id, card_id)`,
);
const findEachRow = statement<CardRow & { card_id: string }>(
  'vault/find-each-card',
  `select card_id, data_key_id, sealed, ${expecting('sealed is not null')}
   from unnest($1::text[], $2::uuid[]) as asked (merchant_id, card_id) left join vault_card using (merchant_id, card_id)`,
);
const findSame = statement<{ card_id: string }>(
  'vault/find-by-fingerprint',
  'select card_id from vault_card where merchant_id = $1 and fingerprint = any($2) order by created_at, card_id',
);
const deleteCardRow = statement<{ card_id: string }>(
  'vault/delete-card',
  'delete from vault_card where merchant_id = $1 and card_id = $2 returning card_id',
);
/** The newest first: that one wraps new keys. */
export const listKeks = (sql: Sql): Promise<KekRow[]> => sql.rows(allKeks);

export const hasAnyKek = async (sql: Sql): Promise<boolean> => (await sql.rows(anyKek)).length > 0;

export async function insertKek(sql: Sql, kekId: string, checkValue: Buffer, now: Date): Promise<void> {
  await sql.rows(insertKekRow, [kekId, checkValue, now]);
}

export const findNewestKey = async (sql: Sql, merchantId: string, purpose: string): Promise<DataKeyRow | undefined> =>
  (await sql.rows(newestKey, [merchantId, purpose]))[0];

export const findDataKey = async (sql: Sql, merchantId: string, dataKeyId: string): Promise<DataKeyRow | undefined> =>
  (await sql.rows(findKey, [merchantId, dataKeyId]))[0];

export async function lockKeysOf(tx: Tx, merchantId: string, purpose: string): Promise<void> {
  await tx.rows(lockKeys, [`vault_data_key/${merchantId}/${purpose}`]);
}

export async function insertDataKey(tx: Tx, row: DataKeyRow): Promise<void> {
  const { merchant_id, data_key_id, purpose, kek_id, wrapped, created_at } = row;
  await tx.rows(insertKeyRow, [merchant_id, data_key_id, purpose, kek_id, wrapped, created_at]);
}

/** All keys of a merchant for a purpose, the newest first. */
export const listDataKeys = (sql: Sql, merchantId: string, purpose: string): Promise<DataKeyRow[]> =>
  sql.rows(keysOf, [merchantId, purpose]);

/** Counts a block of values that a key is going to seal; false when it may not seal that many more. */
export async function countSeals(
  sql: Sql,
  { merchant_id, data_key_id }: DataKeyRow,
  { sealsPerKey, sealsPerBlock }: { readonly sealsPerKey: number; readonly sealsPerBlock: number },
): Promise<boolean> {
  return (await sql.rows(count, [merchant_id, data_key_id, sealsPerBlock, sealsPerKey])).length === 1;
}

/** What is written of a card. */
interface CardValues {
  readonly merchantId: string;
  readonly cardId: string;
  readonly dataKeyId: string;
  readonly sealed: Buffer;
  readonly fingerprint: Buffer;
  readonly fingerprintVersion: number;
  readonly fingerprintKeyId: string;
}

/** In the order of the statements: merchant, card, key, bytes, the fingerprint, its version and key, and when. */
const valuesOf = (card: CardValues) => [
  card.merchantId,
  card.cardId,
  card.dataKeyId,
  card.sealed,
  card.fingerprint,
  card.fingerprintVersion,
  card.fingerprintKeyId,
];

export async function insertCards(tx: Tx, cards: readonly CardValues[], now: Date): Promise<void> {
  if (cards.length === 0) return;
  const rows = cards.map((card) => [...valuesOf(card), now]);
  await tx.rows(
    insertCardRows,
    [0, 1, 2, 3, 4, 5, 6, 7].map((column) => rows.map((row) => row[column])),
  );
}

export const updateCard = async (tx: Tx, card: CardValues): Promise<boolean> =>
  (await tx.rows(updateCardRow, valuesOf(card))).length === 1;

/** A card as it rests; look-ups that come together share a statement. */
export const findCard = groupedById(
  findCardRow,
  (row) => row.card_id,
  (row): CardRow => row,
);

const findingMany =
  (found: Statement<CardRow & { card_id: string }>) =>
  async (tx: Tx, merchantId: string, cardIds: readonly string[]): Promise<ReadonlyMap<string, CardRow>> => {
    const rows = cardIds.length === 0 ? [] : await tx.rows(found, [cardIds.map(() => merchantId), cardIds]);
    return new Map(rows.map((row) => [row.card_id, row]));
  };

/** The same for several cards of a merchant, in a transaction. */
export const findCards = findingMany(findCardRow);

/** The same; refused when one of them is not there. */
export const findEachCard = findingMany(findEachRow);

export const findByFingerprint = async (
  sql: Sql,
  merchantId: string,
  fingerprints: readonly Buffer[],
): Promise<string[]> => (await sql.rows(findSame, [merchantId, fingerprints])).map(({ card_id }) => card_id);

export const deleteCard = async (tx: Tx, merchantId: string, cardId: string): Promise<boolean> =>
  (await tx.rows(deleteCardRow, [merchantId, cardId])).length === 1;
