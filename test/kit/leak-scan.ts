/**
 * Looks for cards in anything: texts, files, whole folders, the memory of a process. One pass over the bytes however many
 * cards there are; what is compressed is unpacked and looked at, too. Tested by planted leaks.
 */
import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { constants, inflateRawSync, inflateSync } from 'node:zlib';
import { type Needle, needlesOf, type Sentinel } from './leak-spellings.ts';

export type { Sentinel } from './leak-spellings.ts';

/** A card that was found. */
export interface Leak {
  readonly pan: string;
  /** e.g. `PAN, base64, three alignments` or `gzip > PAN, plain` */
  readonly spelling: string;
  /** Offset of the first. */
  readonly at: number;
}

export interface Scanner {
  /** The leaks of a sink, each card and spelling once. */
  find(haystack: string | Buffer): Leak[];
  /** As `find`, for what comes in pieces: bytes at the end of one and the beginning of the next are seen together. */
  findIn(pieces: AsyncIterable<Buffer>): Promise<Leak[]>;
}

/** How much of a packed stream is looked at, packed and unpacked, and how many wrappings. */
const packedLimit = 1 << 20;
const unpackedLimit = 1 << 24;
const depthLimit = 3;

interface Entry extends Needle {
  readonly pan: string;
  /** Where in the needle the search begins: memory is full of zeros, so not at one. */
  readonly anchor: number;
}

/** @param sentinels - whose number and code are searched in every spelling */
export function scannerFor(sentinels: readonly Sentinel[]): Scanner {
  const entries = sentinels.flatMap((sentinel) =>
    needlesOf(sentinel).map((needle) => {
      const anchor = needle.bytes.findIndex((byte) => byte !== 0);
      return { ...needle, pan: sentinel.pan, anchor };
    }),
  );
  const index = indexOf(entries);
  const collect = (haystack: Buffer, from: number, found: Map<string, Leak>) =>
    search(index, haystack, 0, '', ({ pan, spelling, at }) => {
      const key = `${pan} ${spelling}`;
      if (!found.has(key)) found.set(key, { pan, spelling, at: from + at });
    });
  return {
    find(haystack) {
      const found = new Map<string, Leak>();
      collect(asBytes(haystack), 0, found);
      return [...found.values()];
    },
    async findIn(pieces) {
      const found = new Map<string, Leak>();
      let from = 0;
      let tail = Buffer.alloc(0);
      for await (const batch of batchesOf(pieces)) {
        const seen = Buffer.concat([tail, batch]);
        collect(seen, from, found);
        tail = seen.subarray(Math.max(0, seen.length - packedLimit));
        from += seen.length - tail.length;
      }
      return [...found.values()];
    },
  };
}

/** Small pieces together, so that the overlap between two looks stays small beside what is looked at. */
async function* batchesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < 8 * packedLimit) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  yield Buffer.concat(waiting);
}

/**
 * @param folder - every file in it and below is read as it lies on the disk
 * @returns one line for each leak, with the file's name; and how much was read
 */
export async function scanFolder(
  scanner: Scanner,
  folder: string,
): Promise<{ leaks: string[]; files: number; bytes: number }> {
  const leaks: string[] = [];
  let bytes = 0;
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) {
    const counted = countingPieces(piecesOf(file), (length) => {
      bytes += length;
    });
    for (const leak of await scanner.findIn(counted)) leaks.push(`${relative(folder, file)}: ${lineOf(leak)}`);
  }
  return { leaks, files: files.length, bytes };
}

/** For assertions and reports. */
export const lineOf = ({ pan, spelling, at }: Leak): string => `${pan}: ${spelling}, at ${at}`;

/**
 * @param haystack - bytes or text of a sink
 * @returns the spellings of one card that were found
 */
export const findLeaks = (haystack: string | Buffer, sentinel: Sentinel): string[] =>
  scannerFor([sentinel])
    .find(haystack)
    .map(({ spelling }) => spelling);

const asBytes = (haystack: string | Buffer) => (Buffer.isBuffer(haystack) ? haystack : Buffer.from(haystack));

interface Index {
  /** Whether two bytes, in either case, begin a needle or a packed stream: the question that is asked at every offset. */
  readonly begins: Uint8Array;
  readonly byFour: ReadonlyMap<number, readonly Entry[]>;
}

const lowerByte = (byte: number) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);

/** Needles are compared without regard to case, so that hexadecimal and base64 that somebody changed are found as well. */
function indexOf(entries: readonly Entry[]): Index {
  const begins = new Uint8Array(0x10000);
  const byFour = new Map<number, Entry[]>();
  for (const entry of entries) {
    const [first = 0, second = 0, third = 0, fourth = 0] = entry.bytes.subarray(entry.anchor).map(lowerByte);
    for (const a of casesOf(first)) for (const b of casesOf(second)) begins[(a << 8) | b] = 1;
    const key = first * 0x1000000 + (second << 16) + (third << 8) + fourth;
    byFour.set(key, [...(byFour.get(key) ?? []), entry]);
  }
  for (const { magic } of packings) begins[magic] = (begins[magic] ?? 0) | 2;
  return { begins, byFour };
}

const casesOf = (byte: number) => (byte >= 0x61 && byte <= 0x7a ? [byte, byte - 32] : [byte]);

function search(index: Index, bytes: Buffer, depth: number, wrapping: string, report: (leak: Leak) => void): void {
  const { begins, byFour } = index;
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const two = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const kind = begins[two] as number;
    if (kind === 0) continue;
    if ((kind & 1) === 1) {
      const key =
        lowerByte(two >> 8) * 0x1000000 + (lowerByte(two & 255) << 16) + (lowerByte(bytes[at + 2] as number) << 8);
      for (const entry of byFour.get(key + lowerByte(bytes[at + 3] as number)) ?? []) {
        const start = at - entry.anchor;
        if (standsAt(bytes, start, entry.bytes))
          report({ pan: entry.pan, spelling: wrapping + entry.spelling, at: start });
      }
    }
    if ((kind & 2) === 2 && depth < depthLimit) {
      for (const { name, content } of unpack(bytes, at, two)) {
        search(index, content, depth + 1, `${wrapping}${name} > `, (leak) => report({ ...leak, at }));
      }
    }
  }
}

function standsAt(bytes: Buffer, at: number, needle: Buffer): boolean {
  if (at < 0 || at + needle.length > bytes.length) return false;
  for (let i = 0; i < needle.length; i++) {
    if (lowerByte(bytes[at + i] as number) !== lowerByte(needle[i] as number)) return false;
  }
  return true;
}

const lenient = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: unpackedLimit };

/** How streams begin that can be told from their first two bytes. */
const packings: readonly { name: string; magic: number; open: (packed: Buffer) => Buffer }[] = [
  { name: 'gzip', magic: 0x1f8b, open: (packed) => inflateRawSync(gzipContent(packed), lenient) },
  ...[0x7801, 0x785e, 0x789c, 0x78da].map((magic) => ({
    name: 'zlib',
    magic,
    open: (packed: Buffer) => inflateSync(packed, lenient),
  })),
  { name: 'zip', magic: 0x504b, open: (packed) => inflateRawSync(zipContent(packed), lenient) },
];

/** A stream that is cut short gives what was read; what only looks like one gives nothing. */
function unpack(bytes: Buffer, at: number, magic: number): { name: string; content: Buffer }[] {
  const packed = bytes.subarray(at, at + packedLimit);
  return packings
    .filter((packing) => packing.magic === magic)
    .flatMap(({ name, open: unwrap }) => {
      try {
        const content = unwrap(packed);
        return content.length > 4 ? [{ name, content }] : [];
      } catch {
        return [];
      }
    });
}

/** Behind the header of RFC 1952, whose flags say which fields it has; what follows the stream does no harm. */
function gzipContent(packed: Buffer): Buffer {
  const flags = packed[2] === 8 ? (packed[3] ?? 0) : 0xff;
  if (flags > 0x1f) throw new Error('not gzip');
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + packed.readUInt16LE(at);
  for (const flag of [8, 16]) if ((flags & flag) !== 0) at = packed.indexOf(0, at) + 1;
  return packed.subarray((flags & 2) !== 0 ? at + 2 : at);
}

/** Behind a local file header of ZIP. */
function zipContent(packed: Buffer): Buffer {
  if (packed.length < 30 || packed.readUInt32LE(0) !== 0x04034b50) throw new Error('not a ZIP entry');
  return packed.subarray(30 + packed.readUInt16LE(26) + packed.readUInt16LE(28));
}

async function* piecesOf(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file);
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(1 << 22), 0, 1 << 22);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* countingPieces(pieces: AsyncIterable<Buffer>, count: (length: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

/** Every row of every table as text, `bytea` in hex. */
export async function dump(rows: <Row>(statement: { name: string; text: string }) => Promise<Row[]>): Promise<string> {
  const tables = await rows<{ name: string }>({
    name: 'test/tables',
    text: `select table_name::text as name from information_schema.tables where table_schema = 'public'`,
  });
  const lines: string[] = [];
  for (const { name } of tables) {
    const all = await rows<{ line: string }>({
      name: `test/dump-${name}`,
      text: `select t::text as line from ${name} t`,
    });
    lines.push(...all.map(({ line }) => `${name} ${line}`));
  }
  return lines.join('\n');
}
