import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ThrowawayFolder, throwawayFolder } from '../../../../test/kit/throwaway-folder.ts';
import { type Database, statement } from './database.ts';
import { type Embedded, shareEmbedded, startEmbedded } from './embedded.ts';
import { binariesIn, findBinaries } from './embedded-binaries.ts';
import { openDatabase } from './postgres.ts';

const runFile = promisify(execFile);

const create = statement('test/create', 'create table if not exists kept (n integer primary key)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const list = statement<{ n: number }>('test/list', 'select n from kept order by n');

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A home whose data folder has been made before: making one takes most of a second. */
let made: ThrowawayFolder;
beforeAll(async () => {
  made = await throwawayFolder('waffo-embedded-');
  await chmod(made.path, 0o755);
  const server = await startEmbedded({ dataFolder: join(made.path, 'database') });
  await server.stop();
});
afterAll(() => made.remove());

async function newHome(mode = 0o755): Promise<string> {
  const home = await emptyHome(mode);
  await runFile('cp', ['-a', join(made.path, 'database'), home]);
  return home;
}

async function emptyHome(mode = 0o755): Promise<string> {
  const folder = await throwawayFolder('waffo-embedded-');
  cleanups.push(folder.remove);
  await chmod(folder.path, mode);
  return folder.path;
}

async function start(home: string, options: Partial<Parameters<typeof startEmbedded>[0]> = {}): Promise<Embedded> {
  const server = await startEmbedded({ dataFolder: join(home, 'database'), ...options });
  cleanups.push(() => server.stop());
  return server;
}

async function open({ url }: Embedded): Promise<Database> {
  const database = await openDatabase({ url });
  cleanups.push(() => database.close());
  return database;
}

const rowsKept = async (database: Database): Promise<number[]> => (await database.rows(list)).map(({ n }) => n);

/** Tries again while the server is on its way up. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(100);
    }
  }
}

/** Empty for a process that is dead. */
const commandOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

describe('the embedded database', { timeout: 60_000 }, () => {
  test.each([
    ['open to others', 0o755],
    ['closed to others, as temporary folders are', 0o700],
  ])('starts in a folder %s, whoever we are, and keeps what it confirmed', async (_, mode) => {
    const home = await emptyHome(mode);
    const first = await start(home);
    const database = await open(first);
    await database.rows(create);
    await database.rows(insert, [1]);
    await database.close();
    await first.stop();
    expect(await rowsKept(await open(await start(home)))).toEqual([1]);
  });

  test('starts in a folder whose path is longer than a socket may have, and is found there again', async () => {
    const home = join(await emptyHome(), 'a-folder-with-quite-a-long-name'.repeat(5));
    const first = await start(home);
    await (await open(first)).rows(create);
    await expect(startEmbedded({ dataFolder: join(home, 'database') })).rejects.toThrow(/another gateway/);
    await first.stop();
    expect(await rowsKept(await open(await start(home)))).toEqual([]);
  });

  test("lends a command the running gateway's server, and outlives the command", async () => {
    const home = await newHome();
    const database = await open(await start(home));
    await database.rows(create);
    const lent = await shareEmbedded({ dataFolder: join(home, 'database') });
    await (await open(lent)).rows(insert, [7]);
    await lent.stop();
    expect(await rowsKept(database)).toEqual([7]);
  });

  test('starts for a command when no gateway runs, also after one was killed, and stops with it', async () => {
    const home = await newHome();
    const dataFolder = join(home, 'database');
    await writeFile(join(dataFolder, 'postmaster.pid'), `${2 ** 22 - 1}\n${dataFolder}\n`);
    const own = await shareEmbedded({ dataFolder });
    await (await open(own)).rows(create);
    for (const close of cleanups.splice(1)) await close();
    await own.stop();
    expect(await rowsKept(await open(await start(home)))).toEqual([]);
  });

  test.each([
    ['open to others', 0o755],
    ['closed to others, as in the home folder of root', 0o700],
  ])('needs neither the install script nor a writable node_modules, in a folder %s', async (_, mode) => {
    const home = await emptyHome();
    const { folder } = await findBinaries(join(home, 'links'));
    await mkdir(join(home, 'checkout'), { mode });
    const bare = join(home, 'checkout', 'package');
    await mkdir(join(bare, 'native', 'lib'), { recursive: true });
    for (const part of ['package.json', 'native/bin', 'native/pg-symlinks.json']) {
      await cp(join(folder, part), join(bare, part), { recursive: true });
    }
    await symlink(join(folder, 'native', 'share'), join(bare, 'native', 'share'));
    for (const name of await readdir(join(folder, 'native', 'lib'))) {
      const file = join(folder, 'native', 'lib', name);
      if (!(await lstat(file)).isSymbolicLink()) await symlink(file, join(bare, 'native', 'lib', name));
    }
    const before = await readdir(bare, { recursive: true });
    const linkFolder = join(home, 'database-libraries');
    const server = await start(home, { binaries: await binariesIn(bare, linkFolder) });
    expect(await commandOf(server.pid() as number)).toContain(bare);
    expect(await readdir(bare, { recursive: true })).toEqual(before);
  });

  test('listens on no network port; its data, socket and password are for its account only', async () => {
    const home = await newHome();
    const database = await open(await start(home));
    const setting = statement<{ value: string }>('test/setting', 'select current_setting($1) as value');
    expect(await database.rows(setting, ['listen_addresses'])).toEqual([{ value: '' }]);
    for (const path of ['database', 'database/gateway-password', 'run', 'run/.s.PGSQL.5432']) {
      expect((await stat(join(home, path))).mode & 0o077, path).toBe(0);
    }
  });

  test('never runs as root, and has no right that its account does not have', async () => {
    const server = await start(await newHome());
    const status = await readFile(`/proc/${server.pid()}/status`, 'utf8');
    expect(status).not.toMatch(/^Uid:.*\t0(\t|$)/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
  });

  test("does not let our role read the host's files, nor log what a statement held", async () => {
    const database = await open(await start(await newHome()));
    const read = statement('test/read-file', `select pg_read_file('/etc/passwd')`);
    await expect(database.rows(read)).rejects.toThrow(/permission denied/);
    const logged = statement<{ setting: string }>(
      'test/logged',
      `select setting from pg_settings where name like 'log_parameter%'`,
    );
    for (const row of await database.rows(logged)) expect(row.setting).toBe('0');
  });

  test('killed while many write comes back by itself, with every confirmed row', async () => {
    const server = await start(await newHome());
    const database = await open(server);
    await database.rows(create);
    const confirmed: number[] = [];
    let next = 0;
    const write = async (): Promise<void> => {
      while (next < 4_000) {
        const n = next++;
        await database.rows(insert, [n]).then(
          () => confirmed.push(n),
          () => sleep(50),
        );
      }
    };
    const killed = sleep(200).then(() => {
      process.kill(server.pid() as number, 'SIGKILL');
      return confirmed.length;
    });
    await Promise.all(Array.from({ length: 8 }, write));
    const before = await killed;
    await eventually(() => database.rows(insert, [next]));
    const kept = new Set(await rowsKept(database));
    expect(before).toBeGreaterThan(0);
    expect(confirmed.filter((n) => !kept.has(n))).toEqual([]);
  });

  test('refuses a second gateway on the same folder, and says which process has it', async () => {
    const home = await newHome();
    const first = await start(home);
    await expect(startEmbedded({ dataFolder: join(home, 'database') })).rejects.toThrow(
      new RegExp(`another gateway \\(pid ${process.pid}\\) uses .*database; stop it, choose another WAFFO_HOME`),
    );
    await (await open(first)).rows(create);
  });

  test('still refuses a second gateway after its server was killed and started again', async () => {
    const home = await newHome();
    const server = await start(home);
    const before = server.pid() as number;
    process.kill(before, 'SIGKILL');
    await eventually(async () => expect(server.pid()).not.toBe(before));
    await expect(startEmbedded({ dataFolder: join(home, 'database') })).rejects.toThrow(/another gateway/);
  });

  test('started by several at once on an empty folder belongs to exactly one of them', async () => {
    const home = await emptyHome();
    const starts = await Promise.allSettled([1, 2, 3].map(() => start(home)));
    const failures = starts.filter((one) => one.status === 'rejected').map(({ reason }) => String(reason));
    expect(failures).toHaveLength(2);
    for (const failure of failures) expect(failure).toMatch(/another gateway \(pid \d+\) uses/);
    expect((await readdir(home)).filter((name) => name.includes('.new-'))).toEqual([]);
    const winner = starts.find((one) => one.status === 'fulfilled')?.value as Embedded;
    await eventually(async () => (await open(winner)).rows(create));
  });

  test('does not start beside a server that it cannot see but hears, as in another container', async () => {
    const home = await newHome();
    await mkdir(join(home, 'run'), { mode: 0o700 });
    const other = createServer().listen(join(home, 'run', '.s.PGSQL.5432'));
    cleanups.push(async () => other.close());
    await once(other, 'listening');
    await expect(start(home)).rejects.toThrow(/another container/);
  });

  test('left over by a gateway that was killed is stopped before a new one starts', async () => {
    const home = await newHome();
    const { child, postmaster } = await startInAnotherProcess(home);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await commandOf(postmaster)).toContain('postgres');
    const server = await start(home);
    expect(server.pid()).not.toBe(postmaster);
    expect(await commandOf(postmaster)).toBe('');
    expect(await rowsKept(await open(server))).toEqual([7]);
  });

  test('killed together with its gateway starts again with what it confirmed', async () => {
    const home = await newHome();
    const { child, postmaster } = await startInAnotherProcess(home);
    process.kill(postmaster, 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await rowsKept(await open(await start(home)))).toEqual([7]);
  });

  test('starts although its last process number now belongs to another program', async () => {
    const home = await newHome();
    const first = await start(home);
    const file = join(home, 'database', 'postmaster.pid');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await first.stop();
    await writeFile(file, [process.pid, ...lines.slice(1)].join('\n'), { mode: 0o600 });
    await (await open(await start(home))).rows(create);
  });

  test.each([50, 250, 600])('killed %i ms into its first start does not leave a broken folder', async (ms) => {
    const home = await emptyHome();
    const child = spawnGateway(home);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    await sleep(ms);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await open(await start(home))).rows(create);
  });

  test('refuses the data of another major version with a sentence', async () => {
    const home = await newHome();
    await (await start(home)).stop();
    await writeFile(join(home, 'database', 'PG_VERSION'), '12\n');
    await expect(start(home)).rejects.toThrow(/is of PostgreSQL 12 and cannot be read by/);
  });
});

/** A process that owns an embedded server, as a gateway does. */
function spawnGateway(home: string): ChildProcess {
  const program = `
    import { startEmbedded } from './embedded.ts';
    import { openDatabase } from './postgres.ts';
    console.log('starting');
    const server = await startEmbedded({ dataFolder: process.argv[1] + '/database' });
    const database = await openDatabase({ url: server.url });
    await database.rows({ name: 'a', text: 'create table kept (n integer primary key)' });
    await database.rows({ name: 'b', text: 'insert into kept values (7)' });
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const options = ['--import', 'tsx', '--conditions=source', '--input-type=module'];
  const child = spawn(process.execPath, [...options, '-e', program, home], {
    cwd: new URL('.', import.meta.url).pathname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(async () => child.kill('SIGKILL'));
  return child;
}

async function startInAnotherProcess(home: string): Promise<{ child: ChildProcess; postmaster: number }> {
  const child = spawnGateway(home);
  let printed = '';
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    printed += chunk;
    if (printed.includes('ready')) break;
  }
  const postmaster = Number((await readFile(join(home, 'database', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return { child, postmaster };
}
