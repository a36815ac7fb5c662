/**
 * `npm run prove:image`: what the Dockerfile does, without Docker. It gathers the packages and the build as its last stage does,
 * takes away the right to write to them, and runs the commands of compose.yaml beside a PostgreSQL: migrate, one process that
 * answers, one that works. As root it drops to the image's user first. Then the image's own health check asks both.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../packages/gateway/src/storage/postgres.ts';
import { otherDatabase } from '../test/kit/database-url.ts';
import { startDebianPostgres } from '../test/kit/debian-postgres.ts';
import { startOutage } from '../test/kit/outage.ts';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';

const root = new URL('../', import.meta.url).pathname;
const say = (line: string) => process.stdout.write(`${line}\n`);
/** The image's user, `node`. */
const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

const dockerfile = (await readFile(join(root, 'Dockerfile'), 'utf8')).replaceAll('\\\n', '');
const wordsOf = (instruction: string): string[] => {
  const json = new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1];
  if (json === undefined) throw new Error(`the Dockerfile has no ${instruction}`);
  return JSON.parse(json) as string[];
};
const install = /^RUN (npm ci --omit=dev .*)$/m.exec(dockerfile)?.[1];
const health = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(dockerfile)?.[1];
if (install === undefined || health === undefined)
  throw new Error('the Dockerfile installs or asks in another way now');

async function run(
  words: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number },
) {
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, output: `${output}${errors}` };
}

async function demand(what: string, done: ReturnType<typeof run>): Promise<void> {
  const { code, output } = await done;
  if (code !== 0) throw new Error(`${what} failed:\n${output}`);
  say(`  ✔ ${what}`);
}

const folder = await throwawayFolder('waffo-image-');
const server = await startDebianPostgres();
/** Its socket is for its own account only: the image's user comes over the network, as in a container. */
const network = await startOutage(otherDatabase(server.url, 'waffo'));
const children: ReturnType<typeof spawn>[] = [];
try {
  const [app, home] = [join(folder.path, 'app'), join(folder.path, 'home')];
  await chmod(folder.path, 0o755);
  for (const name of [
    'package.json',
    'package-lock.json',
    'packages/protocol/package.json',
    'packages/gateway/package.json',
  ]) {
    await cp(join(root, name), join(app, name));
  }
  await demand(install, run(install.split(' '), { cwd: app }));
  for (const name of ['packages/protocol/dist', 'packages/gateway/dist'])
    await cp(join(root, name), join(app, name), { recursive: true });
  await demand('nobody may write to it', run(['chmod', '-R', 'a-w,a+rX', app], { cwd: root }));

  await mkdir(home, { mode: 0o700 });
  const operator = await openDatabase({ url: server.url, poolSize: 1 });
  await operator.rows({ name: 'test/database', text: 'create database waffo' }).finally(operator.close);
  const url = new URL(network.url);
  const [kek, password] = [join(folder.path, 'kek'), join(folder.path, 'database-password')];
  await writeFile(kek, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  await writeFile(password, `${decodeURIComponent(url.password)}\n`, { mode: 0o600 });
  if (user.uid !== undefined) for (const path of [home, kek, password]) await chown(path, user.uid, user.gid);
  url.password = '';
  const env = {
    PATH: process.env.PATH,
    WAFFO_HOME: home,
    WAFFO_DATABASE_URL: url.href,
    WAFFO_DATABASE_PASSWORD_FILE: password,
    WAFFO_KEK_FILE: kek,
    WAFFO_PUBLIC_URL: 'http://127.0.0.1:4010',
  };
  const waffo = (...words: string[]) => [...wordsOf('ENTRYPOINT'), ...words];
  await demand('migrate', run(waffo('migrate'), { cwd: app, env, ...user }));
  for (const [role, port] of [
    ['api', '4110'],
    ['worker', '4111'],
  ] as const) {
    const [command = '', ...words] = waffo('serve', '--role', role);
    const child = spawn(command, words, { cwd: app, env: { ...env, WAFFO_PORT: port }, stdio: 'ignore', ...user });
    children.push(child);
    const ask = (JSON.parse(health) as string[]).map((word) => word.replace('4010', port));
    let asked = await run(ask, { cwd: app });
    for (let tries = 0; tries < 60 && asked.code !== 0 && child.exitCode === null; tries++) {
      await sleep(500);
      asked = await run(ask, { cwd: app });
    }
    await demand(`serve --role ${role} is well`, Promise.resolve(asked));
  }
  for (const child of children) {
    child.kill('SIGTERM');
    await demand(
      'it ends when it is told to',
      once(child, 'exit').then(([code]) => ({ code, output: '' })),
    );
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
  await network.stop();
  await server.stop();
  await folder.remove();
}
