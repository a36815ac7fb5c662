/**
 * What an envelope carries: a card in exactly 256 bytes, so that its length says nothing of number, CVV or name.
 *
 *     offset  bytes  content
 *          0      1  version, 1
 *          1      1  length of the PAN, 12 to 19
 *          2     19  PAN, ASCII digits, zero padded
 *         21      1  month of expiry, 1 to 12
 *         22      2  year of expiry, 2000 to 2099, big-endian
 *         24      1  length of the CVV, 3 or 4; 0 is none
 *         25      4  CVV, ASCII digits, zero padded
 *         29      1  length of the name in bytes, 0 to 226
 *         30    226  name, UTF-8 without control characters, zero padded
 *
 * There is exactly one encoding of a card; whatever differs from it in a single bit does not decode. Card rules (scheme,
 * check digit, expiry in the past) are not looked at here. It must never put card data into an error.
 */
import { parseExpiry } from '../card.ts';
import { EnvelopeError } from './error.ts';

/** A card as the shopper's page has it. */
export interface CardInput {
  /** 12 to 19 digits, nothing else; see `cleanPan`. */
  readonly pan: string;
  /** `MM/YYYY` */
  readonly expiry: string;
  /** 3 or 4 digits. */
  readonly cvv?: string | undefined;
  /** The holder's name, at most 226 bytes in UTF-8. */
  readonly name?: string | undefined;
}

/** A card as the vault reads it. `pan` and `cvv` are views into the record: wiping the record wipes them. */
export interface CardRecord {
  /** ASCII digits. */
  readonly pan: Uint8Array;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  /** ASCII digits. */
  readonly cvv?: Uint8Array;
  /** Empty when there was none. */
  readonly name: string;
}

/** Length of a record in bytes. */
export const recordBytes = 256;

const version = 1;
const offsets = { version: 0, pan: 1, month: 21, year: 22, cvv: 24, name: 29 } as const;

/** Where the lengths of PAN and CVV stand; their digits follow. */
export const { pan: panOffset, cvv: cvvOffset } = offsets;
const unprintable = /[\p{Cc}\p{Cs}]/u;

/**
 * @param card - see `CardInput`
 * @returns 256 bytes, which hold a PAN: wipe them after use
 * @throws EnvelopeError that names the member which does not fit
 */
export function encodeRecord({ pan, expiry, cvv = '', name = '' }: CardInput): Uint8Array<ArrayBuffer> {
  const validity = parseExpiry(expiry);
  const nameBytes = new TextEncoder().encode(name);
  if (!/^\d{12,19}$/.test(pan)) throw new EnvelopeError('pan: give 12 to 19 digits');
  if (validity === undefined) throw new EnvelopeError('expiry: give MM/YYYY');
  if (!/^(?:\d{3,4})?$/.test(cvv)) throw new EnvelopeError('cvv: give 3 or 4 digits');
  if (unprintable.test(name)) throw new EnvelopeError('name: leave out control characters');
  if (nameBytes.length > recordBytes - offsets.name - 1) throw new EnvelopeError('name: too long');
  const record = new Uint8Array(recordBytes);
  record[offsets.version] = version;
  record.set([pan.length, ...pan].map(ascii), offsets.pan);
  record.set([validity.month, validity.year >> 8, validity.year & 255], offsets.month);
  record.set([cvv.length, ...cvv].map(ascii), offsets.cvv);
  record.set([nameBytes.length], offsets.name);
  record.set(nameBytes, offsets.name + 1);
  return record;
}

const ascii = (part: number | string) => (typeof part === 'number' ? part : part.charCodeAt(0));

/**
 * @param record - 256 bytes that `encodeRecord` could have made
 * @throws EnvelopeError for any other bytes
 */
export function decodeRecord(record: Uint8Array): CardRecord {
  const pan = fieldAt(record, offsets.pan, offsets.month);
  const cvv = fieldAt(record, offsets.cvv, offsets.name);
  const name = textOf(fieldAt(record, offsets.name, recordBytes));
  const expiryMonth = record[offsets.month] ?? 0;
  const expiryYear = ((record[offsets.year] ?? 0) << 8) | (record[offsets.year + 1] ?? 0);
  const isSound =
    record.length === recordBytes &&
    record[offsets.version] === version &&
    isDigits(pan) &&
    pan.length >= 12 &&
    isDigits(cvv) &&
    (cvv.length === 0 || cvv.length >= 3) &&
    expiryMonth >= 1 &&
    expiryMonth <= 12 &&
    expiryYear >= 2000 &&
    expiryYear <= 2099 &&
    !unprintable.test(name);
  if (!isSound) throw new EnvelopeError();
  return { pan, expiryMonth, expiryYear, ...(cvv.length > 0 && { cvv }), name };
}

/** The bytes of a field that begins with its length, all within `[start, end)`, and zero from there to `end`. */
function fieldAt(record: Uint8Array, start: number, end: number): Uint8Array {
  const from = start + 1;
  const to = from + (record[start] ?? 0);
  if (to > end || record.subarray(to, end).some((byte) => byte !== 0)) throw new EnvelopeError();
  return record.subarray(from, to);
}

const isDigits = (bytes: Uint8Array) => bytes.every((byte) => byte >= 0x30 && byte <= 0x39);

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EnvelopeError();
  }
}
