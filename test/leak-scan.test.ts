/** The scanner that guards every sink is itself put to the test: a leak planted in any spelling is found. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { encodeRecord } from '@waffo/protocol/envelope/record';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Sentinel, scanFolder, scannerFor } from './kit/leak-scan.ts';
import { familyOf, memoryOf } from './kit/process-memory.ts';

const card = { pan: '4929735192648016', expiry: '11/2031', cvv: '731' } as const;
const amex = { pan: '379735192648010' } as const;
const sentinels: Sentinel[] = [card, amex];
const scanner = scannerFor(sentinels);

const bytes = Buffer.from(card.pan);
const hex = (of: Buffer, by: string) => of.toString('hex').replace(/..(?=.)/g, `$&${by}`);
const escaped = (text: string, spell: (code: number) => string) =>
  [...text].map((sign) => spell(sign.charCodeAt(0))).join('');
const zip = (content: string) => {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(5, 26);
  return Buffer.concat([header, Buffer.from('a.txt'), deflateRawSync(content)]);
};
const sentence = `{"request":{"pan":"${card.pan}","ok":true}}`.repeat(3);

const planted: [spelling: string, text: string | Buffer][] = [
  ['plain', `card=${card.pan};`],
  ['part of a longer number', `10${card.pan}99`],
  ['spaced', '4929 7351 9264 8016'],
  ['dashed', '4929-7351-9264-8016'],
  ['an American Express, spaced as on the card', '3797 351926 48010'],
  ['reversed', [...card.pan].reverse().join('')],
  ['digit by digit', [...card.pan].join(',')],
  ['an array of digits', JSON.stringify([...card.pan])],
  ['base64', Buffer.from(`{"pan":"${card.pan}"}`).toString('base64')],
  ['base64, shifted by one', Buffer.from(`{"a":"${card.pan}"}`).toString('base64')],
  ['base64, shifted by two', Buffer.from(`{"ab":"${card.pan}"}`).toString('base64')],
  ['base64url', Buffer.from(`\u00ff\u00fe${card.pan}`, 'latin1').toString('base64url')],
  ['base64 of UTF-16', Buffer.from(`a${card.pan}`, 'utf16le').toString('base64')],
  ['hexadecimal', hex(bytes, '')],
  ['hexadecimal, large', hex(Buffer.from(`x${card.pan}x`), '').toUpperCase()],
  ['a bytea literal', `\\x${hex(bytes, '')}`],
  ['a printed Buffer', `<Buffer ${hex(bytes, ' ')}>`],
  ['a Buffer as JSON', JSON.stringify(bytes)],
  ['C escapes', escaped(card.pan, (code) => `\\x${code.toString(16)}`)],
  ['percent-encoded', escaped(card.pan, (code) => `%${code.toString(16)}`)],
  ['JSON-escaped', escaped(card.pan, (code) => `\\u${code.toString(16).padStart(4, '0')}`)],
  ['HTML entities', escaped(card.pan, (code) => `&#${code};`)],
  ['HTML entities, hexadecimal', escaped(card.pan, (code) => `&#x${code.toString(16)};`)],
  ['full-width digits', escaped(card.pan, (code) => String.fromCharCode(code - 0x30 + 0xff10))],
  ['UTF-16', Buffer.from(card.pan, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(card.pan, 'utf16le').swap16()],
  ['UTF-32', Buffer.from([...bytes].flatMap((byte) => [byte, 0, 0, 0]))],
  ['packed decimal', Buffer.from(card.pan, 'hex')],
  ['packed decimal, odd length', Buffer.from(`0${amex.pan}`, 'hex')],
  ['packed decimal, filled up behind', Buffer.from(`${amex.pan}f`, 'hex')],
  ['packed decimal, nibbles swapped', Buffer.from('9492371529460861', 'hex')],
  ['unpacked decimal', Buffer.from([...card.pan].map(Number))],
  ['a bigint column', bigint(card.pan)],
  ['a JavaScript number', Buffer.from(Float64Array.of(Number(card.pan)).buffer)],
  ['gzip', gzipSync(sentence)],
  ['gzip with a name and a comment', named(gzipSync(sentence))],
  ['gzip, cut short', gzipSync(sentence.repeat(50)).subarray(0, -20)],
  ['zlib', deflateSync(sentence)],
  ['zlib in gzip', gzipSync(deflateSync(sentence))],
  ['ZIP', zip(sentence)],
];

/** As `gzip` writes it, with FNAME and FCOMMENT. */
function named(packed: Buffer): Buffer {
  const header = Buffer.from(packed.subarray(0, 10));
  header[3] = 8 | 16;
  return Buffer.concat([header, Buffer.from('a.txt\0none\0'), packed.subarray(10)]);
}

function bigint(pan: string): Buffer {
  const integer = Buffer.alloc(8);
  integer.writeBigInt64BE(BigInt(pan));
  return integer;
}

describe('the scanner', () => {
  test.each(planted)('finds a planted number: %s', (_, text) => {
    const noise = Buffer.from('before \u00e9\0');
    expect(scanner.find(Buffer.concat([noise, Buffer.from(text as string), noise]))).not.toEqual([]);
  });

  test.each([
    ['a member', '{"cvv":"731"}'],
    ['a member after a blank', '{"cvc": "731"}'],
    ['a number', '{"securityCode":731,'],
    ['JSON in JSON', JSON.stringify({ body: JSON.stringify({ cvv: '731' }) })],
    ['a form', 'pan=x&cvv=731&name=Ada'],
    ['a printed object', "{ cvv: '731' }"],
    ['a card record', Buffer.from(encodeRecord({ ...card, pan: '4111111111111111' }))],
    ['a card record in hexadecimal', Buffer.from(encodeRecord({ ...card, pan: '4111111111111111' })).toString('hex')],
  ])('finds a planted code: %s', (_, text) => {
    expect(scanner.find(text).map(({ spelling }) => spelling)).toEqual([expect.stringMatching(/^CVV/)]);
  });

  test('finds a number wherever it stands in whatever, and however the bytes come in pieces', async () => {
    const around = fc.uint8Array({ maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(around, around, fc.constantFrom(...planted), fc.nat(), async (before, after, [, text], at) => {
        const whole = Buffer.concat([before, Buffer.from(text as string), after]);
        expect(scanner.find(whole)).not.toEqual([]);
        const cut = at % whole.length;
        const leaks = await scanner.findIn(pieces(whole.subarray(0, cut), whole.subarray(cut)));
        expect(leaks).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('finds nothing where there is none: a mask, another number, noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (noise) => {
        expect(scanner.find(Buffer.from(noise))).toEqual([]);
      }),
    );
    expect(scanner.find(`492973******8016 4929735192648024 731 ${Date.now()} {"cvv":"732"}`)).toEqual([]);
  });

  test('reads a folder to the end of its last file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waffo-scan-'));
    try {
      await writeFile(join(folder, 'large'), Buffer.concat([Buffer.alloc((1 << 22) - 7), bytes, Buffer.alloc(99)]));
      await writeFile(join(folder, 'last'), bytes);
      expect(await scanFolder(scanner, folder)).toEqual({
        leaks: [`large: ${card.pan}: PAN, plain, at ${(1 << 22) - 7}`, `last: ${card.pan}: PAN, plain, at 0`],
        files: 2,
        bytes: (1 << 22) - 7 + 16 + 99 + 16,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the memory of a process', () => {
  /** The number is put together in the process, so that no command line and no source holds it. */
  const half = card.pan.slice(0, 8);
  const rest = card.pan.slice(8);
  test.each([
    ['a string', `globalThis.kept = '${half}'.concat('${rest}').split('').join('');`, true],
    ['a Buffer', `globalThis.kept = Buffer.concat([Buffer.from('${half}'), Buffer.from('${rest}')]);`, true],
    ['a string of two bytes each', `globalThis.kept = ('\\u4e00${half}' + '${rest}').split('').join('');`, true],
    [
      'a Buffer that was wiped',
      `globalThis.kept = Buffer.allocUnsafeSlow(16); kept.write('${half}'); kept.write('${rest}', 8); kept.fill(0);`,
      false,
    ],
    ['nothing', '', false],
  ])('of a child that holds %s is told rightly', async (_, code, leaks) => {
    const script = `${code} process.stdout.write('ready'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
      const found = await scanner.findIn(memoryOf(child.pid as number));
      expect(found.length > 0).toBe(leaks);
      expect(await familyOf(child.pid as number)).toEqual([child.pid]);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test('that cannot be read is an error, never a scan that found nothing', async () => {
    await expect(scanner.findIn(memoryOf(2 ** 22 + 1))).rejects.toThrow();
  });
});

async function* pieces(...of: Buffer[]): AsyncGenerator<Buffer> {
  yield* of;
}
