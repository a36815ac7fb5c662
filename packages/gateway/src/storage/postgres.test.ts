import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase, testDatabaseServer } from '../../../../test/kit/database.ts';
import { otherDatabase } from '../../../../test/kit/database-url.ts';
import { throwawayFolder } from '../../../../test/kit/throwaway-folder.ts';
import { type Database, statement } from './database.ts';
import { startEmbedded } from './embedded.ts';
import { findBinaries } from './embedded-binaries.ts';
import { CommitUnknown, DatabaseUnavailable } from './failures.ts';
import { openDatabase } from './postgres.ts';

const create = statement('test/create', 'create table if not exists kept (n integer primary key)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const count = statement<{ n: number }>('test/count', 'select count(*)::integer as n from kept');
const backend = statement<{ pid: number }>('test/backend', 'select pg_backend_pid() as pid');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(url: string, poolSize = 1): Promise<Database> {
  const database = await openDatabase({ url, poolSize });
  cleanups.push(() => database.close());
  return database;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase({ empty: true });
  await database.rows(create);
});

describe('values', () => {
  test('arrive as what they are', async () => {
    const [row] = await database.rows(
      statement(
        'test/values',
        `select 9007199254740993::bigint as amount, '2026-01-02T03:04:05.678Z'::timestamptz as at,
           '\\x00ff'::bytea as bytes, '{"a":[1,null]}'::jsonb as object`,
      ),
    );
    expect(row).toEqual({
      amount: 9007199254740993n,
      at: new Date('2026-01-02T03:04:05.678Z'),
      bytes: Buffer.from([0, 255]),
      object: { a: [1, null] },
    });
  });

  test('come back as they were sent', async () => {
    const echo = statement<{ a: bigint; b: Date; c: Buffer }>(
      'test/echo',
      'select $1::bigint as a, $2::timestamptz as b, $3::bytea as c',
    );
    const sent = { a: -(2n ** 63n), b: new Date('1999-12-31T23:59:59.999Z'), c: Buffer.from('é\0') };
    expect(await database.rows(echo, [sent.a, sent.b, sent.c])).toEqual([sent]);
  });
});

describe('a transaction', () => {
  test('keeps nothing of work that throws', async () => {
    const work = database.transaction(async (tx) => {
      await tx.rows(insert, [1]);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await database.rows(count)).toEqual([{ n: 0 }]);
  });

  test('whose refused statement was ignored is not taken for committed', async () => {
    const work = database.transaction(async (tx) => {
      await tx.rows(insert, [2]);
      await tx.rows(insert, [2]).catch(() => {});
    });
    await expect(work).rejects.toThrow(/not committed/);
    expect(await database.rows(count)).toEqual([{ n: 0 }]);
  });

  test('lost in commit is reported as unknown, lost before as unavailable', async () => {
    const proxied = await proxy(database.url);
    const through = await open(proxied.url);
    proxied.cutAt('commit');
    await expect(through.transaction((tx) => tx.rows(insert, [3]))).rejects.toThrow(CommitUnknown);
    proxied.cutAt('insert');
    await expect(through.transaction((tx) => tx.rows(insert, [4]))).rejects.toThrow(DatabaseUnavailable);
    await expect(through.atOnce((tx) => tx.rows(insert, [6]))).rejects.toThrow(CommitUnknown);
    proxied.cutAt(undefined);
    await through.transaction((tx) => tx.rows(insert, [5]));
    expect(await through.rows(count)).not.toEqual([{ n: 0 }]);
  });
});

describe('a connection', () => {
  test('survives a statement that was refused', async () => {
    const one = await open(database.url);
    const [before] = await one.rows(backend);
    await one.rows(insert, [100]);
    await expect(one.rows(insert, [100])).rejects.toThrow(/duplicate key/);
    expect(await one.rows(backend)).toEqual([before]);
  });

  test('to a server that only reads, as a primary that was replaced does, is given up as if it broke', async () => {
    const one = await open(database.url);
    await one.rows(statement('test/read-only', 'set default_transaction_read_only = on'));
    await expect(one.rows(insert, [101])).rejects.toThrow(DatabaseUnavailable);
    await one.rows(insert, [101]);
    await one.rows(statement('test/read-only', 'set default_transaction_read_only = on'));
    await expect(one.transaction((tx) => tx.rows(insert, [102]))).rejects.toThrow(DatabaseUnavailable);
    await one.transaction((tx) => tx.rows(insert, [102]));
  });

  test('that breaks while idle harms nobody and is replaced', async () => {
    const one = await open(database.url);
    const [before] = await one.rows<{ pid: number }>(backend);
    await database.rows(statement('test/terminate', 'select pg_terminate_backend($1)'), [before?.pid]);
    await sleep(100);
    const [after] = await one.rows<{ pid: number }>(backend);
    expect(after?.pid).not.toBe(before?.pid);
  });

  test('is waited for two seconds, not longer', async () => {
    const one = await open(database.url);
    const held = one.transaction((tx) => tx.rows(statement('test/hold', 'select pg_sleep(3.5)')));
    const startedAt = performance.now();
    await expect(one.rows(count)).rejects.toThrow(DatabaseUnavailable);
    expect(performance.now() - startedAt).toBeLessThan(3_300);
    await held;
    await one.rows(count);
  });

  test('lets the server end a transaction that it hears no more of, for others wait for what it locked', async () => {
    const kept = statement('test/abandoned', `select current_setting('idle_in_transaction_session_timeout') as after`);
    expect(await database.rows(kept)).toEqual([{ after: '3s' }]);
  });

  test('is not given up while its server is merely slow', async () => {
    const one = await open(database.url);
    const [before] = await one.rows(backend);
    await one.rows(statement('test/slow', 'select pg_sleep(1.8)'));
    expect(await one.rows(backend)).toEqual([before]);
  });

  test('to a server that is not there is refused with the reason', async () => {
    const silent = createServer();
    const url = `postgres://u:secret@127.0.0.1:${await listen(silent)}/d`;
    await expect(openDatabase({ url })).rejects.toThrow(/timeout/);
    silent.close();
    const refused = await openDatabase({ url }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DatabaseUnavailable);
    expect(String(refused)).toMatch(/ECONNREFUSED/);
    expect(String(refused)).not.toContain('secret');
  }, 10_000);

  test('carries no parameters to a log that our role may silence', async () => {
    const kept = statement(
      'test/logged',
      `select name from pg_settings where name like 'log_parameter_max_length%' and setting <> '0'
         and has_parameter_privilege(name, 'set')`,
    );
    expect(await database.rows(kept)).toEqual([]);
  });
});

describe('a server that may lose or spoil what it confirmed is refused', () => {
  test.each([
    ['with synchronous_commit off', '', 'set synchronous_commit = off', /set synchronous_commit to on/],
    ['that waits for no standby', '', 'set synchronous_commit = local', /set synchronous_commit to on/],
    ['not in UTF-8', `encoding 'SQL_ASCII' locale 'C'`, '', /encoding UTF8/],
  ])('%s', async (_, layout, setting, message) => {
    const { url } = testDatabaseServer();
    const admin = await open(url);
    const name = `waffo_refused_${process.pid}`;
    const run = (text: string) => admin.rows(statement(text.slice(0, 50), text));
    await run(`create database ${name} template template0 ${layout}`);
    cleanups.push(() => run(`drop database ${name} with (force)`));
    if (setting !== '') await run(`alter database ${name} ${setting}`);
    await expect(openDatabase({ url: otherDatabase(url, name) })).rejects.toThrow(message);
  });

  test('with fsync off, and with full_page_writes off', async () => {
    const folder = await throwawayFolder('waffo-careless-');
    cleanups.push(folder.remove);
    const found = await findBinaries(join(folder.path, 'libraries'));
    for (const setting of ['fsync', 'full_page_writes']) {
      // We start a server with both on; whoever comes later on the command line wins.
      const postgres = join(folder.path, `postgres-without-${setting}`);
      const others = `case "$1" in --*) exec "${found.postgres}" "$@" ;; esac`;
      await writeFile(postgres, `#!/bin/sh\n${others}\nexec "${found.postgres}" "$@" -c ${setting}=off\n`, {
        mode: 0o755,
      });
      const server = await startEmbedded({
        dataFolder: join(folder.path, 'database'),
        binaries: { ...found, postgres },
      });
      try {
        await expect(openDatabase({ url: server.url, poolSize: 1 })).rejects.toThrow(
          `the database may lose what it confirmed; set ${setting} to on`,
        );
      } finally {
        await server.stop();
      }
    }
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A road to the database that breaks when a word passes on it, after the word has arrived. */
async function proxy(url: string): Promise<{ url: string; cutAt(word: string | undefined): void }> {
  const target = new URL(url);
  const host = target.searchParams.get('host') ?? target.hostname;
  const port = Number(target.port || 5432);
  let cutWord: string | undefined;
  const server = createServer((near: Socket) => {
    const far = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    near.on('data', (chunk) => {
      far.write(chunk);
      if (cutWord !== undefined && chunk.includes(cutWord)) near.destroy();
    });
    far.on('data', (chunk) => near.write(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  const own = new URL(url);
  own.searchParams.delete('host');
  own.host = `127.0.0.1:${await listen(server)}`;
  return {
    url: own.href,
    cutAt: (word) => {
      cutWord = word;
    },
  };
}
