import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { statement } from './database.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { openDatabase } from './postgres.ts';

const create = statement('test/create', 'create table if not exists kept (n integer primary key)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const list = statement<{ n: number }>('test/list', 'select n from kept order by n');

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function newHome(mode = 0o755): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'waffo-embedded-'));
  await chmod(home, mode);
  cleanups.push(() => rm(home, { recursive: true, force: true }));
  return home;
}

async function start(home: string): Promise<Embedded> {
  const server = await startEmbedded({ dataFolder: join(home, 'database') });
  cleanups.push(() => server.stop());
  return server;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Tries again while the server is on its way up. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await work();
    } catch (error) {
      if (i === 100) throw error;
      await sleep(100);
    }
  }
}

describe('the embedded database', () => {
  test.each([
    ['open to others', 0o755],
    ['closed to others, as temporary folders are', 0o700],
  ])(
    'starts in a folder %s, whoever we are, and keeps what it confirmed',
    async (_, mode) => {
      const home = await newHome(mode);
      const first = await start(home);
      const database = await openDatabase({ url: first.url });
      await database.rows(create);
      await database.rows(insert, [1]);
      await database.close();
      await first.stop();
      const second = await start(home);
      const again = await openDatabase({ url: second.url });
      expect(await again.rows(list)).toEqual([{ n: 1 }]);
      await again.close();
    },
    30_000,
  );

  test('listens on no network port, and its password file is for its owner only', async () => {
    const home = await newHome();
    const server = await start(home);
    const database = await openDatabase({ url: server.url });
    const [row] = await database.rows(
      statement<{ addresses: string }>('test/addresses', `select current_setting('listen_addresses') as addresses`),
    );
    expect(row?.addresses).toBe('');
    expect((await stat(join(home, 'database', 'gateway-password'))).mode & 0o077).toBe(0);
    await database.close();
  }, 30_000);

  test('killed under a living gateway comes back by itself, with every confirmed row', async () => {
    const server = await start(await newHome());
    const database = await openDatabase({ url: server.url });
    await database.rows(create);
    const confirmed: number[] = [];
    for (let n = 0; n < 300; n++) {
      if (n === 150) process.kill(server.pid() as number, 'SIGKILL');
      await eventually(() =>
        database.rows(statement('test/upsert', 'insert into kept values ($1) on conflict do nothing'), [n]),
      );
      confirmed.push(n);
    }
    expect((await database.rows(list)).map(({ n }) => n)).toEqual(confirmed);
    await database.close();
  }, 30_000);

  test('refuses a second gateway on the same folder, and says which process has it', async () => {
    const home = await newHome();
    await start(home);
    await expect(startEmbedded({ dataFolder: join(home, 'database') })).rejects.toThrow(
      new RegExp(`another gateway \\(pid ${process.pid}\\) uses .*database; stop it, choose another WAFFO_HOME`),
    );
  }, 30_000);

  test('left over by a gateway that was killed is stopped before a new one starts', async () => {
    const home = await newHome();
    const { child, postmaster } = await startInAnotherProcess(home);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(postmaster)).toBe(true);
    const server = await start(home);
    expect(server.pid()).not.toBe(postmaster);
    await eventually(async () => expect(isAlive(postmaster)).toBe(false));
    const database = await openDatabase({ url: server.url });
    expect((await database.rows(list)).map(({ n }) => n)).toEqual([7]);
    await database.close();
  }, 30_000);

  test('killed in the middle of its first start does not leave a broken folder', async () => {
    const home = await newHome();
    const child = spawnGateway(home);
    await sleep(350);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await sleep(1_000);
    const server = await start(home);
    const database = await openDatabase({ url: server.url });
    expect(await database.rows(create)).toEqual([]);
    await database.close();
  }, 30_000);
});

/** A process that owns an embedded server, as a gateway does. */
function spawnGateway(home: string): ChildProcess {
  const program = `
    import { startEmbedded } from './embedded.ts';
    import { openDatabase } from './postgres.ts';
    const server = await startEmbedded({ dataFolder: process.argv[1] + '/database' });
    const database = await openDatabase({ url: server.url });
    await database.rows({ name: 'a', text: 'create table kept (n integer primary key)' });
    await database.rows({ name: 'b', text: 'insert into kept values (7)' });
    console.log('ready');
    setInterval(() => {}, 1000);`;
  return spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=source', '--input-type=module', '-e', program, home],
    {
      cwd: new URL('.', import.meta.url).pathname,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

async function startInAnotherProcess(home: string): Promise<{ child: ChildProcess; postmaster: number }> {
  const child = spawnGateway(home);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const postmaster = Number((await readFile(join(home, 'database', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return { child, postmaster };
}
