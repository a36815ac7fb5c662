/** Every way in which a careless sink would write a card's digits down. */

/** A card whose number and code must not be found. */
export interface Sentinel {
  readonly pan: string;
  /** `MM/YYYY`; with it the CVV is also recognised inside a binary card record. */
  readonly expiry?: string;
  readonly cvv?: string;
}

/** What was found, and the bytes that give it away. */
export interface Needle {
  readonly spelling: string;
  readonly bytes: Buffer;
}

type Text = string | Buffer;

/** @returns one needle for each way to write the number, and each way to write the CVV that cannot be met by accident */
export function needlesOf({ pan, cvv, expiry }: Sentinel): Needle[] {
  const ofPan = Object.entries(spellingsOf(pan)).map(([spelling, texts]) => [`PAN, ${spelling}`, texts] as const);
  const ofCvv = cvv === undefined ? [] : Object.entries(codesOf(cvv, expiry));
  return [...ofPan, ...ofCvv].flatMap(([spelling, texts]) =>
    texts.map((text) => ({ spelling, bytes: typeof text === 'string' ? Buffer.from(text, 'latin1') : text })),
  );
}

function spellingsOf(pan: string): Record<string, Text[]> {
  const digits = [...pan];
  const codes = digits.map((digit) => digit.charCodeAt(0));
  const hex = codes.map((code) => code.toString(16));
  const reversed = digits.toReversed().join('');
  return {
    plain: [pan],
    spaced: grouped(pan, ' '),
    dashed: grouped(pan, '-'),
    reversed: [reversed],
    'digit by digit': [digits.join(' '), digits.join(','), digits.join(', '), digits.join('","')],
    'base64, three alignments': base64Cores(Buffer.from(pan)),
    'base64 of UTF-16, three alignments': base64Cores(Buffer.from(pan, 'utf16le')),
    hex: [hex.join(''), hex.join(' '), hex.join(':'), hex.map((code) => `\\x${code}`).join('')],
    'bytes in decimal': [codes.join(','), codes.join(', '), codes.join(' ')],
    'percent-encoded': [hex.map((code) => `%${code}`).join('')],
    'JSON-escaped': [hex.map((code) => `\\u00${code}`).join('')],
    'HTML entities': [codes.map((code) => `&#${code};`).join(''), hex.map((code) => `&#x${code};`).join('')],
    'full-width digits': [Buffer.from(digits.map((digit) => String.fromCharCode(0xff10 + Number(digit))).join(''))],
    'UTF-16': [Buffer.from(pan, 'utf16le'), Buffer.from(pan, 'utf16le').swap16()],
    'UTF-32': [
      Buffer.from(codes.flatMap((code) => [code, 0, 0, 0])),
      Buffer.from(codes.flatMap((code) => [0, 0, 0, code])),
    ],
    'packed decimal': packed(pan),
    'packed decimal, nibbles swapped': packed(pan).map(swapNibbles),
    'unpacked decimal': [Buffer.from(digits.map(Number))],
    'a number in binary': numbers(pan),
  };
}

/** Under a name, or between expiry and name of a card record. Three digits alone stand anywhere. */
function codesOf(cvv: string, expiry: string | undefined): Record<string, Text[]> {
  const names = ['cvv', 'cvc', 'cvv2', 'cardCvv', 'securityCode', 'security_code'];
  const signs = (name: string) => [`"${name}":"${cvv}"`, `"${name}": "${cvv}"`, `\\"${name}\\":\\"${cvv}\\"`];
  const named = names.flatMap((name) => [...signs(name), `"${name}":${cvv},`, `${name}=${cvv}`, `${name}: '${cvv}'`]);
  if (expiry === undefined) return { 'CVV, named': named };
  const [month = 0, year = 0] = expiry.split('/').map(Number);
  const record = Buffer.from([month, year >> 8, year & 255, cvv.length, ...Buffer.from(cvv)]);
  return { 'CVV, named': named, 'CVV, in a card record': [record, record.toString('hex')] };
}

/** Groups of four, and the 4-6-5 of American Express. */
function grouped(pan: string, by: string): string[] {
  const fours = (pan.match(/.{1,4}/g) ?? []).join(by);
  return pan.length === 15 ? [fours, [pan.slice(0, 4), pan.slice(4, 10), pan.slice(10)].join(by)] : [fours];
}

/** For each alignment, the characters that do not depend on what stands before and after. Digits never make `+` or `/`. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return encoded.slice(shift === 0 ? 0 : 4, Math.floor((shift + bytes.length) / 3) * 4);
  });
}

/** Two digits a byte; an odd number of them is filled up before or, as in track data, behind. */
function packed(pan: string): Buffer[] {
  const filled = pan.length % 2 === 0 ? [pan] : [`0${pan}`, `${pan}f`];
  return filled.map((text) => Buffer.from(text, 'hex'));
}

const swapNibbles = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => ((byte & 15) << 4) | (byte >> 4)));

/** As 64-bit integer and, where that is exact, as a JavaScript number; either end first. */
function numbers(pan: string): Buffer[] {
  const integer = Buffer.alloc(8);
  integer.writeBigUInt64BE(BigInt(pan));
  const float = Buffer.alloc(8);
  float.writeDoubleBE(Number(pan));
  const kinds = Number.isSafeInteger(Number(pan)) ? [integer, float] : [integer];
  return kinds.flatMap((bytes) => [bytes, Buffer.from(bytes).reverse()]);
}
