/**
 * Reads JSON that has one meaning only. It runs before `JSON.parse`, which keeps the last of two members with one name,
 * rounds large numbers and makes an own `__proto__` (design D-12). Its messages say where, never what: a value may be a PAN.
 */
import { isUtf8 } from 'node:buffer';
import { Fault } from '../fault.ts';

/** Objects and arrays inside one another, the top-level object included. */
export const depthLimit = 16;

/** Every integer of so many digits is exact as a JavaScript number. */
const digitLimit = 15;

const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);
const byteOf = (character: string): number => character.charCodeAt(0);
const quote = byteOf('"');
const backslash = byteOf('\\');
const comma = byteOf(',');
const colon = byteOf(':');
const openBrace = byteOf('{');
const closeBrace = byteOf('}');
const openBracket = byteOf('[');
const closeBracket = byteOf(']');
const minus = byteOf('-');
const zero = byteOf('0');
const nine = byteOf('9');

/**
 * Parses a request body.
 *
 * @param bytes - the body as it was received; positions in messages count its bytes from 0
 * @returns what `JSON.parse` returns; always an object, never an array
 * @throws Fault `PARAMETER_INVALID` for an empty body, invalid UTF-8, a byte order mark, a top level that is no object, two
 *   members with one name, `__proto__`, `constructor` or `prototype` as a name, more than 16 levels, a number that is not
 *   an integer of at most 15 digits, U+0000, half a surrogate pair, bytes after the end, and all that is no JSON
 * @example parseStrictJson(Buffer.from('{"a":1,"a":2}')) // Fault: body: duplicate member "a" at byte 7
 */
export function parseStrictJson(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) throw new Fault('PARAMETER_INVALID', 'body: empty; expected a JSON object');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) refuse('a byte order mark is not allowed', 0);
  if (!isUtf8(bytes)) throw new Fault('PARAMETER_INVALID', 'body: not valid UTF-8');
  const scan = new Scan(bytes);
  scan.document();
  return JSON.parse(scan.text(0, bytes.length)) as Record<string, unknown>;
}

function refuse(what: string, at: number): never {
  throw new Fault('PARAMETER_INVALID', `body: ${what} at byte ${at}`);
}

/** A cursor over the bytes. Each method reads one production of RFC 8259 and leaves the cursor behind it. */
class Scan {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  text(from: number, to: number): string {
    return this.#bytes.toString('utf8', from, to);
  }

  document(): void {
    this.#space();
    if (this.#peek() !== openBrace) refuse('expected a JSON object', this.#at);
    this.#object(1);
    this.#space();
    if (this.#at < this.#bytes.length) refuse('nothing may follow the object', this.#at);
  }

  #value(depth: number): void {
    const next = this.#peek();
    if (next === openBrace) this.#object(depth);
    else if (next === openBracket) this.#array(depth);
    else if (next === quote) this.#string();
    else if (next === minus || isDigit(next)) this.#number();
    else this.#word();
  }

  #object(depth: number): void {
    this.#enter(depth);
    const names = new Set<string>();
    if (this.#takes(closeBrace)) return;
    do {
      this.#space();
      this.#name(names);
      this.#space();
      if (!this.#takes(colon)) refuse('expected ":"', this.#at);
      this.#space();
      this.#value(depth + 1);
      this.#space();
    } while (this.#takes(comma));
    if (!this.#takes(closeBrace)) refuse('expected "," or "}"', this.#at);
  }

  #array(depth: number): void {
    this.#enter(depth);
    if (this.#takes(closeBracket)) return;
    do {
      this.#space();
      this.#value(depth + 1);
      this.#space();
    } while (this.#takes(comma));
    if (!this.#takes(closeBracket)) refuse('expected "," or "]"', this.#at);
  }

  #enter(depth: number): void {
    if (depth > depthLimit) refuse(`more than ${depthLimit} levels`, this.#at);
    this.#at++;
    this.#space();
  }

  #name(names: Set<string>): void {
    const start = this.#at;
    if (this.#peek() !== quote) refuse('expected a member name', start);
    this.#string();
    // Two spellings of one name are one name, so it is compared without its escapes.
    const literal = this.text(start, this.#at);
    const name = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
    if (forbiddenNames.has(name)) refuse(`the member name "${name}" is not allowed`, start);
    if (names.has(name)) refuse(`duplicate member ${shown(name)}`, start);
    names.add(name);
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const next = this.#peek();
      if (next === undefined) refuse('a string does not end', this.#at);
      if (next < 0x20) refuse('a control character must be escaped (U+0000 is never allowed)', this.#at);
      if (next === backslash) this.#escape();
      else this.#at++;
      if (next === quote) return;
    }
  }

  #escape(): void {
    const start = this.#at;
    const kind = this.#bytes[start + 1];
    if (kind !== byteOf('u')) {
      if (kind === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(kind))) refuse('an unknown escape', start);
      this.#at += 2;
      return;
    }
    const unit = this.#unit();
    if (unit === 0) refuse('U+0000 is not allowed', start);
    if (unit < 0xd800 || unit > 0xdfff) return;
    const follows = unit < 0xdc00 && this.#peek() === backslash && this.#bytes[this.#at + 1] === byteOf('u');
    const low = follows ? this.#unit() : 0;
    if (low < 0xdc00 || low > 0xdfff) refuse('half a surrogate pair', start);
  }

  /** Reads `\uXXXX`. */
  #unit(): number {
    const digits = this.#bytes.toString('latin1', this.#at + 2, this.#at + 6);
    if (!/^[0-9a-f]{4}$/i.test(digits)) refuse('an unknown escape', this.#at);
    this.#at += 6;
    return Number.parseInt(digits, 16);
  }

  #number(): void {
    const start = this.#at;
    const negative = this.#takes(minus);
    const first = this.#at;
    while (isDigit(this.#peek())) this.#at++;
    const digits = this.#at - first;
    const leadingZero = this.#bytes[first] === zero && (digits > 1 || negative);
    const goesOn = '.eE+-'.includes(String.fromCharCode(this.#peek() ?? 0));
    if (digits === 0 || digits > digitLimit || leadingZero || goesOn) {
      refuse(`expected an integer of at most ${digitLimit} digits (amounts are strings)`, start);
    }
  }

  #word(): void {
    const word = ['true', 'false', 'null'].find((known) => this.text(this.#at, this.#at + known.length) === known);
    if (word === undefined) refuse('expected a value', this.#at);
    this.#at += word.length;
  }

  #space(): void {
    for (;;) {
      const next = this.#peek();
      if (next !== 0x20 && next !== 0x0a && next !== 0x0d && next !== 0x09) return;
      this.#at++;
    }
  }

  #peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  #takes(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at++;
    return true;
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= nine;

/** A name is repeated only when it looks like one of ours: anything else could be data. */
const shown = (name: string): string => (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) ? `"${name}"` : 'name');
