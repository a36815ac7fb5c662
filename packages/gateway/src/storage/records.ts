/**
 * Rows as one parameter: `jsonb_populate_recordset(null::<table>, $1)` reads them by their column names. So one statement
 * writes one row or thirty, and its text does not depend on how many. The statement lists the columns it takes: those that it
 * leaves out get their defaults.
 */

/** What a column may hold on its way. */
type Value = string | number | boolean | bigint | Date | Buffer | null | undefined | object;

/** A row that is written; columns that it lacks, or that are null or undefined in it, are null. */
type Row = Readonly<Record<string, Value>>;

/**
 * @param rows - column name to value; an object is written as JSON, bytes as hex
 * @returns text for a `jsonb` parameter
 * @example await tx.rows(insert, [records([{ merchant_id: 'm1', amount_minor: 1n, created_at: now }])])
 */
export const records = (rows: readonly Row[]): string => `[${rows.map(rowText).join(',')}]`;

/**
 * The same for rows that are to be found: `unnest($1::jsonb[]) as one, jsonb_populate_record(null::<table>, one) as row`. The
 * planner takes them for ten, not for a hundred, and looks each up by its key in any table but the smallest.
 *
 * @param rows - as `records` takes them
 * @returns values for a `jsonb[]` parameter
 */
export const eachRecord = (rows: readonly Row[]): string[] => rows.map(rowText);

function rowText(row: Row): string {
  let text = '';
  for (const name in row) {
    const value = row[name];
    if (value !== undefined && value !== null) text += `${text === '' ? '' : ','}"${name}":${valueText(value)}`;
  }
  return `{${text}}`;
}

/** Nothing that JSON writes in another way: most texts of a row are ids, codes and numbers. */
const plain = /^[ !#-[\]-~]*$/;

function valueText(value: NonNullable<Value>): string {
  if (typeof value === 'string') return plain.test(value) ? `"${value}"` : JSON.stringify(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Date) return `"${value.toISOString()}"`;
  if (Buffer.isBuffer(value)) return `"\\\\x${value.toString('hex')}"`;
  return JSON.stringify(value);
}
