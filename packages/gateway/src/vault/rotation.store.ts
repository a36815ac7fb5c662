/** SQL of rotations: what is under way, which keys there are, and how a key goes. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { DataKeyRow } from './vault.store.ts';

export interface RotationRow {
  rotation_id: string;
  purpose: string;
  started_at: Date;
}

/** A data key and what is known of it without opening it. */
export interface KeyFacts {
  merchant_id: string;
  data_key_id: string;
  purpose: string;
  kek_id: string;
  created_at: Date;
  seals: bigint;
  /** When the next key of its kind was made; null for the one that is in use. */
  superseded_at: Date | null;
}

const rotationColumns = 'rotation_id, purpose, started_at';
const underWay = statement<RotationRow>(
  'rotation/under-way',
  `select ${rotationColumns} from vault_rotation where finished_at is null order by started_at`,
);
const begin = statement<RotationRow>(
  'rotation/begin',
  `insert into vault_rotation (rotation_id, purpose, started_at) values ($1, $2, $3)
   on conflict (purpose) where finished_at is null do nothing returning ${rotationColumns}`,
);
const finish = statement('rotation/finish', 'update vault_rotation set finished_at = $2 where rotation_id = $1');

const facts = statement<KeyFacts>(
  'rotation/keys',
  `select merchant_id, data_key_id, purpose, kek_id, created_at, seals,
     lead(created_at) over (partition by merchant_id, purpose order by created_at, data_key_id) as superseded_at
   from vault_data_key order by merchant_id, purpose, created_at, data_key_id`,
);

const underOtherKek = statement<DataKeyRow>(
  'rotation/under-other-kek',
  `select merchant_id, data_key_id, purpose, kek_id, wrapped, created_at from vault_data_key
   where kek_id <> $1 and data_key_id > $2 order by data_key_id limit $3`,
);
const countUnderOtherKek = statement<{ keys: number }>(
  'rotation/count-under-other-kek',
  'select count(*)::int as keys from vault_data_key where kek_id <> $1',
);
const rewrap = statement<{ data_key_id: string }>(
  'rotation/rewrap',
  `update vault_data_key set kek_id = $3, wrapped = $4
   where merchant_id = $1 and data_key_id = $2 and wrapped = $5 returning data_key_id`,
);

const retireKey = statement<{ data_key_id: string }>(
  'rotation/retire-key',
  `with gone as (delete from vault_data_key where merchant_id = $1 and data_key_id = $2 returning *)
   insert into vault_retired_key (merchant_id, key_id, purpose, created_at, retired_at)
   select merchant_id, data_key_id::text, purpose, created_at, $3 from gone`,
);
const retireKekRow = statement(
  'rotation/retire-kek',
  `with gone as (delete from vault_kek where kek_id = $1 returning *)
   insert into vault_retired_key (merchant_id, key_id, purpose, created_at, retired_at)
   select '', kek_id, 'kek', created_at, $2 from gone`,
);
const retired = statement<{ key_id: string }>(
  'rotation/retired-keks',
  `select key_id from vault_retired_key where purpose = 'kek'`,
);

/** Rotations that were begun and not finished, the oldest first. */
export const listRotations = (sql: Sql): Promise<RotationRow[]> => sql.rows(underWay);

/** Undefined when one of this purpose is under way. */
export const insertRotation = async (sql: Sql, rotation: RotationRow): Promise<RotationRow | undefined> =>
  (await sql.rows(begin, [rotation.rotation_id, rotation.purpose, rotation.started_at]))[0];

export async function finishRotation(sql: Sql, rotationId: string, now: Date): Promise<void> {
  await sql.rows(finish, [rotationId, now]);
}

/** Every data key, by merchant, purpose and age. */
export const listKeyFacts = (sql: Sql): Promise<KeyFacts[]> => sql.rows(facts);

/** Data keys that another KEK wraps, in the order of their ids. */
export const pageUnderOtherKek = (sql: Sql, kekId: string, after: string, limit: number): Promise<DataKeyRow[]> =>
  sql.rows(underOtherKek, [kekId, after, limit]);

export const countKeysUnderOtherKek = async (sql: Sql, kekId: string): Promise<number> =>
  (await sql.rows(countUnderOtherKek, [kekId]))[0]?.keys ?? 0;

/** False when the key is not any more as it was read. */
export const saveRewrapped = async (sql: Sql, row: DataKeyRow, kekId: string, wrapped: Buffer): Promise<boolean> =>
  (await sql.rows(rewrap, [row.merchant_id, row.data_key_id, kekId, wrapped, row.wrapped])).length === 1;

/** Deletes a data key; the foreign keys of everything that it sealed refuse while there is any. */
export const deleteDataKey = (tx: Tx, key: { merchant_id: string; data_key_id: string }, now: Date): Promise<unknown> =>
  tx.rows(retireKey, [key.merchant_id, key.data_key_id, now]);

/** Deletes a KEK; the foreign keys of the data keys that it wraps refuse while there is any. */
export const deleteKek = (tx: Tx, kekId: string, now: Date): Promise<unknown> => tx.rows(retireKekRow, [kekId, now]);

export const listRetiredKeks = async (sql: Sql): Promise<string[]> =>
  (await sql.rows(retired)).map(({ key_id }) => key_id);
