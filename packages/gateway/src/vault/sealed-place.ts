/**
 * A place where sealed values rest, as rotation sees it: how many values hang on which key, a batch of them moved to a
 * newer key, a batch of them opened to see that they do. The module that owns the table declares its place; the vault
 * does the work. A value is replaced only where it is still the one that was read.
 */
import type { Database, Sql, Statement } from '../storage/database.ts';
import type { KeyPurpose, Keyring } from './keyring.ts';
import { type Binding, open, SealBroken, type SealingKey, seal } from './seal.ts';

export interface PlaceDeps {
  readonly database: Database;
  readonly keyring: Keyring;
}

/** How many values hang on a key. */
export interface KeyUse {
  readonly merchant_id: string;
  readonly key_id: string;
  readonly values: number;
}

/** Which values: those of one key, in the order of their record ids. */
export interface BatchOf {
  readonly merchantId: string;
  readonly keyId: string;
  /** The last record id of the batch before; `''` at first. */
  readonly after: string;
  readonly limit: number;
}

export interface BatchResult {
  /** How many values were moved, or opened. */
  readonly done: number;
  /** Records whose value does not open. */
  readonly broken: readonly string[];
  /** The last record id, or undefined when no value is left. */
  readonly last: string | undefined;
}

export interface SealedPlace {
  /** What a value is called, in the plural, e.g. `cards`. */
  readonly noun: string;
  readonly purpose: KeyPurpose;
  countByKey(sql: Sql): Promise<readonly KeyUse[]>;
  /** Opens a batch and keeps nothing of it. */
  check(deps: PlaceDeps, batch: BatchOf): Promise<BatchResult>;
  /** Moves a batch to a newer key; absent where values live so short that they need not be moved. */
  readonly move?: (deps: PlaceDeps, batch: BatchOf, newer: SealingKey) => Promise<BatchResult>;
}

/** A row of a place's page. */
export interface SealedRow {
  readonly record_id: string;
  readonly sealed: Buffer;
}

/** The statements of a table's sealed column. */
export interface SealedColumn {
  readonly noun: string;
  readonly purpose: KeyPurpose;
  readonly count: Statement<KeyUse>;
  /** Values: merchant id, key id, record id after which, limit. */
  readonly page: Statement<SealedRow>;
  /** Values: merchant id, newer key id, then arrays: record ids, values as read, values to put there. Skips locked rows. */
  readonly replace?: Statement<{ record_id: string }>;
  bindingOf(merchantId: string, recordId: string): Binding;
}

/** The place that a sealed column is. */
export function sealedColumn({ noun, purpose, count, page, replace, bindingOf }: SealedColumn): SealedPlace {
  const openBatch = async ({ database, keyring }: PlaceDeps, { merchantId, keyId, after, limit }: BatchOf) => {
    const rows = await database.rows(page, [merchantId, keyId, after, limit]);
    const key = rows.length === 0 ? undefined : await keyring.dataKeyById(database, merchantId, keyId);
    return rows.map(({ record_id, sealed }) => ({
      record_id,
      sealed,
      bytes: key && openOrNot(key, bindingOf(merchantId, record_id), sealed),
    }));
  };
  const place = {
    noun,
    purpose,
    countByKey: (sql: Sql) => sql.rows(count),
    async check(deps: PlaceDeps, batch: BatchOf): Promise<BatchResult> {
      const rows = await openBatch(deps, batch);
      const opened = rows.filter(({ bytes }) => bytes !== undefined);
      for (const { bytes } of opened) bytes?.fill(0);
      return { done: opened.length, ...restOf(rows) };
    },
  };
  if (replace === undefined) return place;
  return {
    ...place,
    async move(deps, batch, newer) {
      const rows = await openBatch(deps, batch);
      const moves = rows.flatMap(({ record_id, sealed, bytes }) => {
        if (bytes === undefined) return [];
        const resealed = seal(newer, bindingOf(batch.merchantId, record_id), bytes);
        bytes.fill(0);
        return [{ record_id, sealed, resealed }];
      });
      const columns = [
        moves.map(({ record_id }) => record_id),
        moves.map(({ sealed }) => sealed),
        moves.map(({ resealed }) => resealed),
      ];
      const moved =
        moves.length === 0 ? [] : await deps.database.rows(replace, [batch.merchantId, newer.keyId, ...columns]);
      return { done: moved.length, ...restOf(rows) };
    },
  };
}

/** Undefined when it does not open. */
export function openOrNot(key: SealingKey, binding: Binding, sealed: Buffer): Buffer | undefined {
  try {
    return open(key, binding, sealed);
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}

/** What a batch left over: the records that did not open, and where the next one begins. */
export const restOf = (
  rows: readonly { readonly record_id: string; readonly bytes: Buffer | undefined }[],
): Pick<BatchResult, 'broken' | 'last'> => ({
  broken: rows.filter(({ bytes }) => bytes === undefined).map(({ record_id }) => record_id),
  last: rows.at(-1)?.record_id,
});
