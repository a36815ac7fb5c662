/** The process itself, with keys that are not what they should be, and the access log as an operator proves it. */
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Embedded, startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { startChildGateway } from '../kit/child-gateway.ts';
import { runCommand } from '../kit/command.ts';
import { type ThrowawayFolder, throwawayFolder } from '../kit/throwaway-folder.ts';

const newKey = () => randomBytes(32).toString('base64');

let folder: ThrowawayFolder;
let server: Embedded;
let settings: Record<string, string>;
beforeAll(async () => {
  folder = await throwawayFolder('waffo-refusals-');
  server = await startEmbedded({ dataFolder: join(folder.path, 'postgres') });
  settings = { WAFFO_DATABASE_URL: server.url, WAFFO_LOG_LEVEL: 'warn', WAFFO_PORT: '0' };
  await (await startChildGateway(folder.path, settings)).stop();
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await folder?.remove();
});

describe.concurrent('a gateway refuses to start, in one sentence, with a key file that', () => {
  test.each<[how: string, break_: (path: string) => Promise<unknown>, sentence: RegExp]>([
    ['is missing', async () => {}, /^the key file \S+ is missing; put it back from your copy/],
    [
      'holds another key',
      (path) => writeFile(path, `${newKey()}\n`, { mode: 0o600 }),
      /^the key file holds another key than the one this database was sealed with; put the right key file back$/,
    ],
    [
      'others may read',
      (path) => copyFile(join(folder.path, 'kek'), path).then(() => chmod(path, 0o644)),
      /^the key file \S+ is open to others; run: chmod 600 \S+$/,
    ],
  ])('%s', async (how, break_, sentence) => {
    const home = join(folder.path, how.replaceAll(' ', '-'));
    await mkdir(home, { mode: 0o700 });
    await break_(join(home, 'kek'));
    const { code, output, errors } = await runCommand(home, ['serve'], { settings });
    expect(code).toBe(1);
    const lines = `${output}${errors}`.split('\n').map((line) => line.trim().replace(/^\S* *waffo: /, ''));
    expect(lines.filter((line) => line !== '')).toEqual([expect.stringMatching(sentence)]);
  });
});

test('a rotation of everything that ended after the KEK goes on with the cards, though there is no new KEK', async () => {
  const waffo = (...words: string[]) => runCommand(folder.path, words, { settings });
  expect((await waffo('key', 'rotate', 'all')).errors).toMatch(/in use already; run waffo key add/);
  const database = await openDatabase({ url: server.url, poolSize: 1 });
  const text = `insert into vault_rotation (rotation_id, purpose, started_at) values (gen_random_uuid(), 'card', now())`;
  await database.rows({ name: 'test/interrupted', text });
  await database.close();
  const { code, output } = await waffo('key', 'rotate', 'all');
  expect([code, output]).toEqual([0, expect.stringMatching(/^card: \d+ moved .*, going on with the rotation of /m)]);
  expect(output).not.toMatch(/^kek:/m);
});

test('what an operator does with keys is in the access log, and the first entry that was changed is named', async () => {
  const waffo = (...words: string[]) => runCommand(folder.path, words, { settings });
  expect((await waffo('key', 'retire', '--yes')).code).toBe(0);
  expect((await waffo('audit', 'list')).output).toMatch(/operator:\S+ +key\.operation +retire/);
  expect(await waffo('audit', 'verify')).toMatchObject({ code: 0, output: expect.stringMatching(/system .*whole/) });
  const database = await openDatabase({ url: server.url, poolSize: 1 });
  const text = `update access_entry set purpose = 'nothing' where merchant_id = '' and act = 'key.operation' returning sequence`;
  const [changed] = await database.rows<{ sequence: bigint }>({ name: 'test/change', text });
  await database.close();
  const { code, output } = await waffo('audit', 'verify');
  expect(code).toBe(1);
  expect(output).toMatch(new RegExp(`system .*\\b${changed?.sequence}\\b`));
});
