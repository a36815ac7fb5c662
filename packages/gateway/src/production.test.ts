/** A production gateway refuses what belongs to a sandbox, one sentence each, and says what to set. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/kit/database.ts';
import { startApp } from './app.ts';
import { configFrom } from './config.ts';
import { withGround } from './ground.ts';
import { createEgress, egressRulesOf } from './webhook/egress.ts';

let home: string;
let settings: Record<string, string>;
let database: TestDatabase;
let empty: TestDatabase;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'waffo-production-'));
  [database, empty] = [await freshDatabase(), await freshDatabase({ empty: true })];
  settings = {
    WAFFO_ENVIRONMENT: 'production',
    WAFFO_HOME: home,
    WAFFO_PORT: '0',
    WAFFO_DATABASE_URL: database.url,
    WAFFO_KEK_FILE: join(home, 'kek'),
    WAFFO_PUBLIC_URL: 'https://pay.example',
  };
  await writeFile(join(home, 'kek'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
});
afterAll(() => rm(home, { recursive: true, force: true }));

const run = (text: string) => database.rows({ name: `test/${text.slice(0, 50)}`, text });

/** How a gateway of these settings fails to start. */
const refusalOf = async (changed: Record<string, string> = {}): Promise<string> => {
  try {
    const app = await startApp(configFrom({ ...settings, ...changed }), { writeLog: () => {} });
    await app.stop();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it started';
};

describe('a setting of a sandbox is refused in production:', () => {
  test.each([
    ['the embedded database', { WAFFO_DATABASE_URL: '' }, /name your PostgreSQL in WAFFO_DATABASE_URL/],
    ['the key file of a sandbox', { WAFFO_KEK_FILE: '' }, /name the key file in WAFFO_KEK_FILE/],
    ['a key in a variable', { WAFFO_KEK: randomBytes(32).toString('base64') }, /name it in WAFFO_KEK_FILE/],
    ['no address', { WAFFO_PUBLIC_URL: '' }, /set WAFFO_PUBLIC_URL/],
    ['an address without TLS', { WAFFO_PUBLIC_URL: 'http://pay.example' }, /set WAFFO_PUBLIC_URL/],
    ['an address that is none', { WAFFO_PUBLIC_URL: 'https://' }, /set WAFFO_PUBLIC_URL/],
    ["the issuer's one-time code", { WAFFO_SANDBOX_CODE: '9999' }, /WAFFO_SANDBOX_CODE .* unset it/],
    ['a crash point', { WAFFO_CRASH_AT: 'payment/before-intent' }, /WAFFO_CRASH_AT .* unset it/],
  ])('%s', async (_, changed: Record<string, string>, sentence) => {
    expect(await refusalOf(changed)).toMatch(sentence);
    expect((await refusalOf(changed)).split('\n')).toHaveLength(1);
  });

  test('a key file that others may read', async () => {
    await chmod(join(home, 'kek'), 0o644);
    expect(await refusalOf()).toBe(`the key file ${home}/kek is open to others; run: chmod 600 ${home}/kek`);
    await chmod(join(home, 'kek'), 0o600);
  });

  test.each(['http://shop.example/webhook', 'https://127.0.0.1/webhook', 'https://shop.example:8080/webhook'])(
    'a notification to %s',
    (url) => {
      const egress = createEgress(egressRulesOf(configFrom(settings)));
      expect(egress.check(url)).toMatch(/^must /);
      egress.close();
    },
  );

  test('the sandbox acquirer', async () => {
    expect(await refusalOf()).toBe(
      'production needs an acquirer for every merchant; name its host in WAFFO_ISO8583_URL',
    );
  });

  test('API keys that a sandbox gave out, until they are revoked', async () => {
    await run(`insert into merchant (merchant_id, name, pci_certified, status, settings, created_at)
      values ('M1', 'Shop', false, 'ACTIVE', '{}', now())`);
    for (const [table, more] of [
      ['api', ''],
      ['client', ', origins'],
    ]) {
      await run(`insert into merchant_${table}_key (key_hash, key_id, merchant_id, created_at${more})
        values ('x', '${table === 'api' ? 'wk' : 'wck'}_test_AbCdEfGh', 'M1', now()${more && ", '{}'"})`);
      expect(await refusalOf()).toMatch(/API keys of a sandbox .* revoke them/);
      await run(`update merchant_${table}_key set revoked_at = now()`);
    }
    expect(await refusalOf()).toMatch(/needs an acquirer/);
  });
});

test('the password of the database comes from a file', async () => {
  const url = new URL(database.url);
  const file = join(home, 'password');
  await writeFile(file, `${decodeURIComponent(url.password)}\n`, { mode: 0o600 });
  url.password = '';
  const named = { WAFFO_DATABASE_URL: url.href, WAFFO_DATABASE_PASSWORD_FILE: file };
  expect(await refusalOf({ ...named })).not.toMatch(/password/);
  await writeFile(file, 'another');
  expect(await refusalOf({ ...named })).toMatch(/password/);
  expect(await refusalOf({ ...named, WAFFO_DATABASE_PASSWORD_FILE: `${file}.gone` })).toMatch(
    /cannot be read \(ENOENT\)/,
  );
});

describe('migrations in production', () => {
  test('are a command: the gateway names it, and changes nothing by itself', async () => {
    const behind = { WAFFO_DATABASE_URL: empty.url, WAFFO_KEK_FILE: join(home, 'new-kek') };
    expect(await refusalOf(behind)).toMatch(/lacks \d+ of this version's migrations; run `waffo migrate` first/);
    expect(await refusalOf(behind)).toMatch(/`waffo migrate`/);
    await expect(stat(join(home, 'new-kek'))).rejects.toThrow('ENOENT');
    await withGround(configFrom({ ...settings, ...behind }), async () => {}, { mayMigrate: true });
    expect(await refusalOf(behind)).toMatch(/needs an acquirer/);
  });

  test('are missed also when one is', async () => {
    await run('update migration set version = -1 where version = 1');
    expect(await refusalOf()).toMatch(/lacks 1 of/);
    await run('update migration set version = 1 where version = -1');
  });
});
