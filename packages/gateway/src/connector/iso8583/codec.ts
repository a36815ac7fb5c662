/**
 * ISO 8583:1987 messages as bytes: four ASCII digits of type, binary bitmaps, ASCII fields. A table says how each field is
 * written. Values are bytes, so that a PAN never becomes a string, and an error names a field, never what is in it.
 */

/** A message; field numbers to their bytes. */
export interface Message {
  /** Four digits, e.g. `0100`. */
  readonly mti: string;
  readonly fields: ReadonlyMap<number, Buffer>;
}

/** Bytes or values that are no message. */
export class IsoFormatError extends Error {
  override readonly name = 'IsoFormatError';
}

interface Format {
  readonly allowed: RegExp;
  /** Exact, or the greatest when `prefix` is there. */
  readonly length: number;
  /** How many digits tell the length, for a field of variable length. */
  readonly prefix?: 2 | 3;
}

const digits = /^\d*$/;
const letters = /^[A-Za-z0-9 ]*$/;
const printable = /^[\x20-\x7e]*$/;

/** The fields that the client and its hosts exchange. */
const formats: ReadonlyMap<number, Format> = new Map<number, Format>([
  [2, { allowed: digits, length: 19, prefix: 2 }],
  [3, { allowed: digits, length: 6 }],
  [4, { allowed: digits, length: 12 }],
  [7, { allowed: digits, length: 10 }],
  [11, { allowed: digits, length: 6 }],
  [12, { allowed: digits, length: 6 }],
  [14, { allowed: digits, length: 4 }],
  [22, { allowed: digits, length: 3 }],
  [25, { allowed: digits, length: 2 }],
  [37, { allowed: letters, length: 12 }],
  [38, { allowed: letters, length: 6 }],
  [39, { allowed: letters, length: 2 }],
  [41, { allowed: printable, length: 8 }],
  [42, { allowed: printable, length: 15 }],
  [49, { allowed: letters, length: 3 }],
  [54, { allowed: letters, length: 120, prefix: 3 }],
  [70, { allowed: digits, length: 3 }],
  [90, { allowed: digits, length: 42 }],
]);

/**
 * A message from its values.
 *
 * @param mti - four digits
 * @param values - field number to text in ASCII, or bytes for what must not be a string
 * @example messageOf('0800', { 7: '1123170000', 11: '000001', 70: '301' })
 */
export const messageOf = (mti: string, values: Readonly<Record<number, string | Buffer>>): Message => ({
  mti,
  fields: new Map(
    Object.entries(values).map(([field, value]) => [
      Number(field),
      typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
    ]),
  ),
});

/** A field as text, undefined when it is absent. Not for field 2. */
export const textOf = ({ fields }: Message, field: number): string | undefined => fields.get(field)?.toString('latin1');

/**
 * @returns the message without a length header; whoever asked wipes it when it carries a card
 * @throws IsoFormatError for a field that the table does not know or that does not fit its format
 */
export function encode({ mti, fields }: Message): Buffer {
  if (!/^\d{4}$/.test(mti)) throw new IsoFormatError('the message type is not four digits');
  const present = [...fields].sort(([a], [b]) => a - b);
  const written = present.map(([field, value]) => {
    const format = formatOf(field);
    check(field, format, value);
    return { head: format.prefix ? String(value.length).padStart(format.prefix, '0') : '', value };
  });
  const bitmap = bitmapOf(present.map(([field]) => field));
  return Buffer.concat([
    Buffer.from(mti, 'latin1'),
    bitmap,
    ...written.flatMap(({ head, value }) => [Buffer.from(head, 'latin1'), value]),
  ]);
}

/**
 * @param bytes - a whole message, without its length header
 * @throws IsoFormatError for anything that is not one; never another error
 */
export function decode(bytes: Buffer): Message {
  let at = 0;
  const take = (length: number, what: string): Buffer => {
    if (at + length > bytes.length) throw new IsoFormatError(`the message ends within ${what}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const mti = take(4, 'its type').toString('latin1');
  if (!/^\d{4}$/.test(mti)) throw new IsoFormatError('the message type is not four digits');
  const first = take(8, 'its bitmap');
  const second = fieldsIn(first).includes(1) ? take(8, 'its second bitmap') : Buffer.alloc(0);
  const fields = new Map<number, Buffer>();
  for (const field of fieldsIn(Buffer.concat([first, second])).filter((number) => number !== 1)) {
    const format = formatOf(field);
    const head = format.prefix && take(format.prefix, `field ${field}`).toString('latin1');
    if (head !== undefined && !/^\d+$/.test(head)) throw new IsoFormatError(`field ${field} has no length`);
    const value = take(head === undefined ? format.length : Number(head), `field ${field}`);
    check(field, format, value);
    fields.set(field, value);
  }
  if (at !== bytes.length) throw new IsoFormatError('bytes follow the last field');
  return { mti, fields };
}

/**
 * @param fields - numbers from 2 to 128
 * @returns 8 bytes, or 16 with the first bit set when a field is above 64
 */
export function bitmapOf(fields: readonly number[]): Buffer {
  const extended = fields.some((field) => field > 64);
  const bitmap = Buffer.alloc(extended ? 16 : 8);
  for (const field of extended ? [1, ...fields] : fields) {
    const byte = (field - 1) >> 3;
    bitmap[byte] = (bitmap[byte] ?? 0) | (0x80 >> ((field - 1) & 7));
  }
  return bitmap;
}

/** The numbers whose bits are set, ascending; 1 tells that a second bitmap follows. */
export const fieldsIn = (bitmap: Buffer): number[] =>
  Array.from({ length: bitmap.length * 8 }, (_, bit) => bit + 1).filter(
    (field) => ((bitmap[(field - 1) >> 3] ?? 0) & (0x80 >> ((field - 1) & 7))) !== 0,
  );

function formatOf(field: number): Format {
  const format = formats.get(field);
  if (format === undefined) throw new IsoFormatError(`field ${field} is not spoken here`);
  return format;
}

function check(field: number, { allowed, length, prefix }: Format, value: Buffer): void {
  const fits = prefix === undefined ? value.length === length : value.length <= length;
  if (!fits) throw new IsoFormatError(`field ${field} has a wrong length`);
  // Field 2 is looked at byte by byte: no string of a PAN is made.
  const good =
    field === 2 ? value.every((byte) => byte >= 0x30 && byte <= 0x39) : allowed.test(value.toString('latin1'));
  if (!good) throw new IsoFormatError(`field ${field} has a character that it may not have`);
}
