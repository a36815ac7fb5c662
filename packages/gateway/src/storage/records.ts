/**
 * Rows as one parameter: `jsonb_populate_recordset(null::<table>, $1)` reads them by their column names. So one statement
 * writes one row or thirty, and its text does not depend on how many. The statement lists the columns it takes: those that it
 * leaves out get their defaults.
 */

/** What a column may hold on its way. */
export type Value = string | number | boolean | bigint | Date | Buffer | null | undefined | object;

/**
 * @param rows - column name to value; an object is written as JSON, bytes as hex, `undefined` as null
 * @returns text for a `jsonb` parameter
 * @example await tx.rows(insert, [records([{ merchant_id: 'm1', amount_minor: 1n, created_at: now }])])
 */
export const records = (rows: readonly Readonly<Record<string, Value>>[]): string => JSON.stringify(rows.map(toldRow));

/**
 * The same for rows that are to be found: `unnest($1::jsonb[]) as one, jsonb_populate_record(null::<table>, one) as row`. The
 * planner takes them for ten, not for a hundred, and looks each up by its key in any table but the smallest.
 *
 * @param rows - as `records` takes them
 * @returns values for a `jsonb[]` parameter
 */
export const eachRecord = (rows: readonly Readonly<Record<string, Value>>[]): string[] =>
  rows.map((row) => JSON.stringify(toldRow(row)));

const toldRow = (row: Readonly<Record<string, Value>>) =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, told(value)]));

function told(value: Value): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  return value;
}
