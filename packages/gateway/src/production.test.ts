/** A production gateway refuses what belongs to a sandbox, one sentence each, and says what to set; without it, it starts. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../test/kit/database.ts';
import { type IsoHost, startIsoHost } from '../../../test/kit/iso-host.ts';
import { type App, startApp } from './app.ts';
import { realClock } from './clock.ts';
import { configFrom } from './config.ts';
import { textOf } from './connector/iso8583/codec.ts';
import { withGround } from './ground.ts';
import { issueClientKey, setClientKeyOrigins } from './merchant/keys.ts';
import { createEgress, egressRulesOf } from './webhook/egress.ts';

let home: string;
let settings: Record<string, string>;
let database: TestDatabase;
let empty: TestDatabase;
let host: IsoHost;

beforeAll(async () => {
  host = await startIsoHost();
  home = await mkdtemp(join(tmpdir(), 'waffo-production-'));
  [database, empty] = [await freshDatabase(), await freshDatabase({ empty: true })];
  settings = {
    WAFFO_DRAIN_MS: '0',
    WAFFO_ENVIRONMENT: 'production',
    WAFFO_HOME: home,
    WAFFO_PORT: '0',
    WAFFO_DATABASE_URL: database.url,
    WAFFO_KEK_FILE: join(home, 'kek'),
    WAFFO_PUBLIC_URL: 'https://pay.example',
  };
  await writeFile(join(home, 'kek'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await host.stop();
  await rm(home, { recursive: true, force: true });
});

const run = (text: string) => database.rows({ name: `test/${text.slice(0, 50)}`, text });

const start = (changed: Record<string, string>): Promise<App> =>
  startApp(configFrom({ ...settings, ...changed }), { writeLog: () => {} });

/** An acquirer that moves money, as the tests have it. */
const acquirer = (): Record<string, string> => ({
  WAFFO_ISO8583_URL: `tcp://127.0.0.1:${host.port}`,
  WAFFO_ISO8583_TERMINAL: 'TERM0001',
  WAFFO_ISO8583_ACCEPTOR: 'SHOP00000000001',
});

/** How a gateway of these settings fails to start. */
const refusalOf = async (changed: Record<string, string> = {}): Promise<string> => {
  try {
    await (await start(changed)).stop();
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

  test('a page without https as the origin of a client key', async () => {
    const config = configFrom({ ...settings, ...acquirer() });
    const deps = { database, config, clock: realClock } as unknown as Parameters<typeof issueClientKey>[0];
    const open = ['https://shop.example', 'http://shop.example'];
    await expect(issueClientKey(deps, 'M_1', open)).rejects.toThrow('http://shop.example is without https');
    await expect(setClientKeyOrigins(deps, 'M_1', 'ck_1', open)).rejects.toThrow(
      'http://shop.example is without https',
    );
  });

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

  test('production itself, by a sandbox that was named its database, before anything is changed there', async () => {
    const { WAFFO_ENVIRONMENT: _, ...forgotten } = settings;
    const open = () => withGround(configFrom({ ...forgotten, WAFFO_PORT: '0' }), async () => 'it opened');
    for (const [table, prefix, more] of [
      ['api', 'wk', ''],
      ['client', 'wck', ", '{}'"],
    ]) {
      await run(`-- a live ${prefix}\n insert into merchant_${table}_key (key_hash, key_id, merchant_id, created_at${more && ', origins'})
        values ('live', '${prefix}_live_AbCdEfGh', 'M1', now()${more})`);
      // A schema that is another version's: it is refused before that is looked at, and not migrated.
      await run(`update migration set version = version + 1000 where version = 1`);
      await expect(open()).rejects.toThrow(/^the database is one of production .* set WAFFO_ENVIRONMENT=production/);
      await run(`update migration set version = version - 1000 where version > 1000`);
      await run(`delete from merchant_${table}_key where key_id like '%live%'`);
    }
  });

  test('payments of a sandbox, one is enough', async () => {
    await run(`insert into sandbox_transaction (reference, verb, outcome, currency, amount_minor, created_at)
      values ('r1', 'charge', '{}', 'HKD', 100, now())`);
    expect(await refusalOf(acquirer())).toBe(
      'the database holds payments of a sandbox; name another one in WAFFO_DATABASE_URL',
    );
    await run(`delete from sandbox_transaction`);
  });

  test('an acquirer for some merchants, and the sandbox for the others', async () => {
    expect(await refusalOf({ ...acquirer(), WAFFO_ISO8583_MERCHANTS: 'M1' })).toMatch(/for every merchant/);
  });
});

describe('with an acquirer and a database of its own', () => {
  const get = (app: App, path: string) => fetch(`${app.listensOn}${path}`);

  /** Looks at a gateway that runs. */
  const running = async (changed: Record<string, string>, look: (app: App) => Promise<void>) => {
    const app = await start({ ...acquirer(), ...changed });
    try {
      await look(app);
    } finally {
      await app.stop();
    }
  };

  test('it starts, signs on with the acquirer, is ready, and makes no merchant', async () => {
    await running({}, async (app) => {
      expect(app.sandbox).toBeUndefined();
      const [signOn] = await host.arrived('0800', 1, '001');
      expect(signOn && textOf(signOn, 70)).toBe('001');
      const ready = await get(app, '/health/ready');
      expect([ready.status, await ready.json()]).toEqual([
        200,
        { status: 'ready', checks: { database: 'ok', migrations: 'ok', keys: 'ok', queue: 'ok' } },
      ]);
      expect(app.gateway.connectors.of('any merchant').name).toBe('iso8583');
      expect(app.gateway.config.limits).toBeDefined();
    });
    expect(await run('select 1 from merchant_api_key where revoked_at is null')).toEqual([]);
    await expect(stat(join(home, 'sandbox.json'))).rejects.toThrow('ENOENT');
  });

  test.each(['api', 'worker'])('so does a process of --role %s', async (role) => {
    await running({ WAFFO_ROLE: role }, async (app) => expect((await get(app, '/health/ready')).status).toBe(200));
  });

  test('it shows no figures, until it is told to', async () => {
    await running({}, async (app) => expect((await get(app, '/metrics')).status).toBe(404));
    await running({ WAFFO_METRICS: 'on' }, async (app) => {
      const answer = await get(app, '/metrics');
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('waffo_')]);
    });
  });

  test('it starts on a schema that a newer version has migrated, and is ready: the way back', async () => {
    await run(`insert into migration values (9999, '9999_future.sql', 'x', '2030-01-01')`);
    try {
      await running({}, async (app) => expect((await get(app, '/health/ready')).status).toBe(200));
      // What comes before each start where containers wait for it.
      const migrated = withGround(configFrom({ ...settings, ...acquirer() }), async (ground) => ground.migrated, {
        mayMigrate: true,
      });
      expect(await migrated).toBe('ahead');
    } finally {
      await run('delete from migration where version = 9999');
    }
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
