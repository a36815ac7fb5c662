/** Ids. Public ones come from the CSPRNG and say nothing; row ids are ordered by time. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { V7Generator } from 'uuidv7';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Fetched many at a time: each call of the CSPRNG costs more than all that an id takes from it. */
const bytesAtOnce = 4_096;
let bytes = Buffer.alloc(0);
let bytesTaken = 0;

/** A byte that nobody has seen and nobody will see again. */
function randomByte(): number {
  if (bytesTaken === bytes.length) {
    bytes = randomBytes(bytesAtOnce);
    bytesTaken = 0;
  }
  const byte = bytes[bytesTaken] as number;
  bytes[bytesTaken++] = 0;
  return byte;
}

/** Base62 characters from the CSPRNG, without modulo bias. */
export function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = randomByte();
    if (byte < 248) text += base62[byte % 62];
  }
  return text;
}

/** `M` + 16 base62 characters: a merchant. */
export const newMerchantId = (): string => `M${randomBase62(16)}`;

/** 43 base62 characters (256 bits): a key that lies in a file. */
export const newOperatorKey = (): string => randomBase62(43);

/** `tok_` + 22 base62 characters (131 bits). */
export const newTokenId = (): string => `tok_${randomBase62(22)}`;

/** `A` + UTC date-time to the second + 15 base62 characters: 30 characters, of which 89 bits are random (contract section 4: starts `A` + year, at most 32). */
export const newAcquiringOrderId = (now: Date): string => dated('A', now);

/** The same, with `R`: a refund. */
export const newRefundOrderId = (now: Date): string => dated('R', now);

/** The same, with `SC`: a subscription. */
export const newSubscriptionId = (now: Date): string => dated('SC', now);

const dated = (letter: string, now: Date): string =>
  `${letter}${now.toISOString().replace(/\D/g, '').slice(0, 14)}${randomBase62(15)}`;

/** `wk_<environment>_` + 32 base62 characters + 6 of checksum, which lets a scanner tell a leaked key from noise (D-08). */
export const newApiKey = (environment: 'test' | 'live'): string =>
  withChecksum(`wk_${environment}_${randomBase62(32)}`);

/** `wck_<environment>_…`: the browser's key; public by nature. */
export const newClientKey = (environment: 'test' | 'live'): string =>
  withChecksum(`wck_${environment}_${randomBase62(32)}`);

/**
 * The public part of an API key or client key, by which it is found and shown.
 *
 * @param prefix - `wk` or `wck`
 * @returns e.g. `wk_test_AbCdEfGh`; undefined for a text that is no such key, or whose checksum is not its own
 */
export function keyIdOf(prefix: 'wk' | 'wck', key: string): string | undefined {
  const parts = /^(wc?k)_(?:test|live)_[0-9A-Za-z]{38}$/.exec(key);
  if (parts?.[1] !== prefix || withChecksum(key.slice(0, -checksumLength)) !== key) return undefined;
  return key.slice(0, prefix.length + '_test_'.length + shownCharacters);
}

/** Of the 32 random characters of a key; what stays secret has 143 bits. */
const shownCharacters = 8;
const checksumLength = 6;

function withChecksum(body: string): string {
  let rest = crc32(body);
  let checksum = '';
  for (let digit = 0; digit < checksumLength; digit++) {
    checksum = base62[rest % 62] + checksum;
    rest = Math.floor(rest / 62);
  }
  return body + checksum;
}

/** `tds_` + 22 base62 characters: a 3DS authentication, as its page's address shows it. */
export const newAuthenticationId = (): string => `tds_${randomBase62(22)}`;

/** 32 bytes from the CSPRNG: a secret that only a browser keeps. */
export const newBrowserSecret = (): Buffer => randomBytes(32);

/** A code of decimal digits. */
export const randomDigits = (length: number): string => String(randomInt(10 ** length)).padStart(length, '0');

/** An id that says nothing about its moment, as 3-D Secure wants it: UUID version 4. */
export const newTransactionId = (): string => randomUUID();

/** A row's id: unique, ordered by time. */
export const newRowId = (): string => rowIds.generate().toString();

const rowIds = new V7Generator({
  nextUint32: () => ((randomByte() << 24) | (randomByte() << 16) | (randomByte() << 8) | randomByte()) >>> 0,
});
