import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kekOf } from './kek.ts';
import { keksFromVariable } from './kek-environment.ts';
import { addToKeyFile, keksFromFiles } from './kek-file.ts';

const text = (bytes: Buffer) => bytes.toString('base64');

let folder = '';
let paths: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waffo-components-'));
  paths = [join(folder, 'one'), join(folder, 'two')];
});
afterEach(() => rm(folder, { recursive: true }));

async function write(components: readonly (readonly Buffer[])[]): Promise<void> {
  for (const [at, lines] of components.entries()) {
    await writeFile(paths[at] ?? '', lines.map((line) => `${text(line)}\n`).join(''), { mode: 0o600 });
  }
}

describe('a key of two components', () => {
  test('is their sum, line by line, and neither of them', async () => {
    const one = [randomBytes(32), randomBytes(32)];
    const two = [randomBytes(32), randomBytes(32)];
    await write([one, two]);
    const keks = await keksFromFiles(paths);
    const sums = one.map((bytes, line) => Buffer.from(bytes.map((byte, at) => byte ^ (two[line]?.[at] ?? 0))));
    expect(keks.map(({ key }) => key.export())).toEqual(sums);
    const whole = [...one, ...two].map((bytes) => kekOf(bytes).kekId);
    for (const { kekId } of keks) expect(whole).not.toContain(kekId);
    expect(await keksFromFiles([...paths].reverse())).toEqual(keks);
  });

  test('is none while the second custodian has not added his', async () => {
    await write([[randomBytes(32)], [randomBytes(32)]]);
    const before = await keksFromFiles(paths);
    expect(await addToKeyFile(paths[0] ?? '')).toBe(2);
    expect(await keksFromFiles(paths)).toEqual(before);
    expect(await addToKeyFile(paths[1] ?? '')).toBe(2);
    const after = await keksFromFiles(paths);
    expect(after.slice(0, 1)).toEqual(before);
    expect(after).toHaveLength(2);
  });

  test('is refused when both are the same, for that key would be zero', async () => {
    const component = randomBytes(32);
    await write([[component], [component]]);
    await expect(keksFromFiles(paths)).rejects.toThrow(/hold the same component; each custodian makes one alone$/);
  });

  test('is refused when one file is missing', async () => {
    await write([[randomBytes(32)]]);
    await expect(keksFromFiles(paths)).rejects.toThrow(`the key file ${paths[1]} is missing`);
  });
});

describe('WAFFO_KEK', () => {
  test('holds keys with spaces between, the newest last', () => {
    const keys = [randomBytes(32), randomBytes(32)];
    const keks = keksFromVariable(`  ${keys.map(text).join(' ')}\n`);
    expect(keks.map(({ key }) => key.export())).toEqual(keys);
  });

  test.each([
    ['nothing', ''],
    ['31 bytes', text(randomBytes(31))],
    ['hex', randomBytes(32).toString('hex')],
    ['a key and a word', `${text(randomBytes(32))} new`],
  ])('that holds %s is refused, and is not repeated', (_, value) => {
    expect(() => keksFromVariable(value)).toThrow(
      'WAFFO_KEK does not hold 32 bytes in base64; make some with: openssl rand -base64 32',
    );
  });
});
