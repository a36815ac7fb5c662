/** Values of statements as PostgreSQL reads them: text, or bytes as they are. */

/** Null is nothing. */
export type Parameter = string | Buffer | null;

/**
 * @param value - `Date` with milliseconds, `bigint`, `Buffer`, an array of these, or what JSON can hold
 * @throws RangeError for a `Date` that is none
 */
export function parameter(value: unknown): Parameter {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`;
  return JSON.stringify(value);
}

/** A member of an array literal. */
function element(value: unknown): string {
  if (Array.isArray(value)) return parameter(value) as string;
  const text = parameter(value);
  if (text === null) return 'NULL';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return text as string;
  return Buffer.isBuffer(text) ? `"\\\\x${text.toString('hex')}"` : `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
