import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addToKeyFile, createKeyFile, keksFromFiles } from './kek-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waffo-kek-'));
  path = join(folder, 'kek');
});
afterEach(() => rm(folder, { recursive: true }));

async function kekFromFile(file: string, { create }: { create: boolean }) {
  if (create) await createKeyFile(file);
  const keks = await keksFromFiles([file]);
  expect(keks).toHaveLength(1);
  return keks[0] as (typeof keks)[number];
}

const keyText = randomBytes(32).toString('base64');
const write = async (text: string, mode = 0o600) => {
  await writeFile(path, text);
  await chmod(path, mode);
};
const read = () => kekFromFile(path, { create: false });
const messageOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'taken',
    (error: Error) => error.message,
  );

describe('the first start makes the key', () => {
  test('of 32 random bytes, for its owner only, and the next start reads the same', async () => {
    path = join(folder, 'new', 'home', 'kek');
    const made = await kekFromFile(path, { create: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'new', 'home'))).mode & 0o777).toBe(0o700);
    const text = (await readFile(path, 'utf8')).trim();
    expect(Buffer.from(text, 'base64')).toHaveLength(32);
    for (const create of [true, false]) {
      const again = await kekFromFile(path, { create });
      expect(again.key.equals(made.key)).toBe(true);
      expect(again.kekId).toBe(made.kekId);
    }
    expect(made.key.export().toString('base64')).toBe(text);
  });

  test('once, however many start at once: whole from the first moment, and never overwritten', async () => {
    const seen = new Set<string>();
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        if (existsSync(path)) seen.add(readFileSync(path, 'utf8'));
        await nextTurn();
      }
    })();
    const made = await Promise.all(Array.from({ length: 40 }, () => kekFromFile(path, { create: true })));
    isOver = true;
    await watching;
    const last = await read();
    expect(seen).toEqual(new Set([`${last.key.export().toString('base64')}\n`]));
    expect(made.filter((kek) => !kek.key.equals(last.key))).toEqual([]);
    expect(await readdir(folder)).toEqual(['kek']);
  });

  test('differently each time', async () => {
    const first = await kekFromFile(path, { create: true });
    const second = await kekFromFile(`${path}2`, { create: true });
    expect(first.key.equals(second.key)).toBe(false);
    expect(first.kekId).not.toBe(second.kekId);
  });

  test('and never touches what is there, be it ever so wrong', async () => {
    await write('');
    expect(await messageOf(kekFromFile(path, { create: true }))).toContain('does not hold keys of 32 bytes');
    expect(await readFile(path, 'utf8')).toBe('');
  });
});

describe('one clear sentence says what to do', () => {
  test('when the file is missing, and none is made', async () => {
    expect(await messageOf(read())).toBe(
      `the key file ${path} is missing; put it back from your copy, or point WAFFO_KEK_FILE at it`,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('when it cannot be reached at all', async () => {
    await write(keyText);
    expect(await messageOf(kekFromFile(join(path, 'kek'), { create: false }))).toMatch(
      /^the key file .* cannot be read/,
    );
  });

  test.each([0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o777])(
    'when others have rights to it (%o)',
    async (mode) => {
      await write(keyText, mode);
      expect(await messageOf(read())).toBe(`the key file ${path} is open to others; run: chmod 600 ${path}`);
    },
  );

  test('when it is a symbolic link to a file that is open to others', async () => {
    await write(keyText, 0o644);
    const link = join(folder, 'link');
    await symlink(path, link);
    expect(await messageOf(kekFromFile(link, { create: false }))).toContain('is open to others');
    await chmod(path, 0o600);
    expect(await messageOf(kekFromFile(link, { create: false }))).toBe('taken');
  });

  test('when it is a folder', async () => {
    await mkdir(path, { mode: 0o700 });
    expect(await messageOf(read())).toBe(`the key file ${path} is not a file; point WAFFO_KEK_FILE at the key file`);
  });

  const wrong: Record<string, string> = {
    'is empty': '',
    'holds 31 bytes': randomBytes(31).toString('base64'),
    'holds 33 bytes': randomBytes(33).toString('base64'),
    'holds hex': randomBytes(32).toString('hex'),
    'holds base64 without padding': keyText.replace('=', ''),
    'holds one key twice': `${keyText}\n${keyText}`,
    'holds a key and something else': `${keyText} # old`,
  };
  test.each(Object.keys(wrong))('when it %s', async (how) => {
    await write(wrong[how] ?? '');
    const message = await messageOf(read());
    expect(message).toBe(
      `the key file ${path} does not hold keys of 32 bytes in base64, one a line; put it back from your copy`,
    );
  });

  test('when it is far too long, though it begins with a key', async () => {
    await write(`${keyText}${' '.repeat(10_000)}`);
    expect(await messageOf(read())).toBe(
      `the key file ${path} is larger than 100 keys are; point WAFFO_KEK_FILE at the key file`,
    );
  });
});

test('the hundredth key is read like the first, and one more is refused before it is written', async () => {
  await createKeyFile(path);
  for (let lines = 2; lines <= 100; lines++) expect(await addToKeyFile(path)).toBe(lines);
  expect(await messageOf(addToKeyFile(path))).toBe(
    `the key file ${path} holds 100 keys, the most there may be; take lines of retired keys out first`,
  );
  expect(await keksFromFiles([path])).toHaveLength(100);
  expect(await readdir(folder)).toEqual(['kek']);
});

// Only root can have a file of somebody else; whoever else runs this sees that his file stays his.
test('a key that root adds leaves the file to whom it belongs, so that the gateways still read it', async () => {
  await createKeyFile(path);
  const { uid: me, gid: us } = await stat(path);
  const [owner, group] = me === 0 ? [65_534, 65_533] : [me, us];
  await chown(path, owner, group);
  await addToKeyFile(path);
  const { uid, gid, mode } = await stat(path);
  expect([uid, gid, mode & 0o777]).toEqual([owner, group, 0o600]);
  expect(await readdir(folder)).toEqual(['kek']);
});

test('the id and the printed key say nothing of the key', async () => {
  await write(keyText);
  const kek = await read();
  expect(kek.kekId).toMatch(/^[0-9a-f]{16}$/);
  const printed = `${inspect(kek, { showHidden: true, depth: 9 })} ${JSON.stringify(kek)} ${kek.key}`;
  const bytes = Buffer.from(keyText, 'base64');
  for (const spelling of [keyText, bytes.toString('hex'), inspect(bytes).slice(8, 30)]) {
    expect(printed).not.toContain(spelling);
  }
  expect(bytes.toString('hex')).not.toContain(kek.kekId);
});
