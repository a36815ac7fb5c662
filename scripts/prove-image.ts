/**
 * `npm run prove:image`: what the Dockerfile does, without Docker. It gathers the packages and the build as its last stage does,
 * and runs the commands of compose.yaml beside a PostgreSQL: migrate, one process that answers, one that works; once as a sandbox,
 * and once for production with the `.env` of the guide and a host in the place of the acquirer's. Then the image's own health check
 * asks both. As root, in a mount namespace of its own, all of it has what a container gives: the image's user without a capability,
 * the Dockerfile's variables, and a root file system that is read-only but for WAFFO_HOME and an empty /tmp. Elsewhere the files
 * are merely without the right to be written, and that is said.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../packages/gateway/src/storage/postgres.ts';
import { environmentOf, productionEnv, readComposition } from '../test/kit/composition.ts';
import { otherDatabase } from '../test/kit/database-url.ts';
import { startDebianPostgres } from '../test/kit/debian-postgres.ts';
import { startIsoHost } from '../test/kit/iso-host.ts';
import { startOutage } from '../test/kit/outage.ts';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';

const root = new URL('../', import.meta.url).pathname;
const say = (line: string) => process.stdout.write(`${line}\n`);
/** Only root may make a namespace and leave it as another. */
const isRoot = process.getuid?.() === 0;
/** The image's user, `node`. */
const user = 1000;

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

/** `ENV` of the last stage. */
const imageEnv = Object.fromEntries(
  [...dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')).matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((pair) => pair.split('=', 2) as [string, string]),
  ),
);

interface Place {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

async function run(words: readonly string[], place: Place) {
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...place });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, output: `${output}${errors}` };
}

async function demand(what: string, done: ReturnType<typeof run>): Promise<void> {
  const { code, output } = await done;
  if (code !== 0) throw new Error(`${what} failed:\n${output}`);
  say(`  ✔ ${what}`);
}

/** In a container's view: `$1` is the folder with app, home and secrets; /var/lib is where they are put together. */
const container = `
  mount -t tmpfs tmpfs /var/lib
  cd /var/lib && mkdir app waffo secrets
  mount --bind "$1/app" app && mount -o remount,ro,bind "$1/app" app
  mount --bind "$1/home" waffo
  mount --bind "$1/secrets" secrets && mount -o remount,ro,bind "$1/secrets" secrets
  mount -o remount,ro tmpfs /var/lib
  mount -t tmpfs tmpfs /tmp
  mount -o remount,ro,bind /
  cd /var/lib/app && shift
`;
const unprivileged = [
  ...['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'],
  ...['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'],
];
/** Not as the user, who may not write there anyway: as root. */
const mayWrite =
  'for one in / . /var/lib/secrets; do ! touch "$one/x" 2>/dev/null || exit 1; done; touch "$WAFFO_HOME/x" /tmp/x';

const folder = await throwawayFolder('waffo-image-');
const server = await startDebianPostgres();
/** Its socket is for its own account only: the image's user comes over the network, as in a container. */
const network = await startOutage(otherDatabase(server.url, 'sandbox'));
const host = await startIsoHost();
const children: ReturnType<typeof spawn>[] = [];

/** What a container would run: the words as they are, in its view when we may make one. */
const contained = (words: readonly string[], as: readonly string[] = unprivileged): string[] =>
  isRoot
    ? ['unshare', '--mount', 'sh', '-ec', `${container}\nexec "$@"`, 'sh', folder.path, ...as, ...words]
    : [...words];
const [app, home, secrets] = ['app', 'home', 'secrets'].map((name) => join(folder.path, name)) as [
  string,
  string,
  string,
];
const seen = (path: string, there: string) => (isRoot ? there : path);

/** Settings of compose.yaml, but for what is elsewhere here. */
const environment = (service: string, env: NodeJS.Dict<string>, database: string): NodeJS.ProcessEnv => {
  const found = readComposition().services[service];
  if (found === undefined) throw new Error(`compose.yaml has no ${service}`);
  const url = new URL(otherDatabase(network.url, database));
  url.password = '';
  return {
    PATH: process.env.PATH,
    ...imageEnv,
    ...environmentOf(found, env),
    WAFFO_HOME: seen(home, imageEnv.WAFFO_HOME ?? ''),
    WAFFO_DATABASE_URL: url.href,
    WAFFO_DATABASE_PASSWORD_FILE: seen(join(secrets, 'database-password'), '/var/lib/secrets/database-password'),
    WAFFO_KEK_FILE: seen(join(secrets, 'kek'), '/var/lib/secrets/kek'),
  };
};

async function tryAll(name: string, env: NodeJS.Dict<string>): Promise<void> {
  say(`${name}:`);
  const commandOf = (service: string) => [
    ...wordsOf('ENTRYPOINT'),
    ...(readComposition().services[service]?.command ?? []),
  ];
  await demand('migrate', run(contained(commandOf('migrate')), { cwd: app, env: environment('migrate', env, name) }));
  for (const [service, port] of [
    ['api', '4110'],
    ['worker', '4111'],
  ] as const) {
    const place = { cwd: app, env: { ...environment(service, env, name), WAFFO_PORT: port } };
    const [command = '', ...words] = contained(commandOf(service));
    const child = spawn(command, words, { ...place, stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    const printed = text(child.stderr);
    const ask = contained((JSON.parse(health as string) as string[]).map((word) => word.replace('4010', port)));
    let asked = await run(ask, place);
    for (let tries = 0; tries < 60 && asked.code !== 0 && child.exitCode === null; tries++) {
      await sleep(500);
      asked = await run(ask, place);
    }
    if (child.exitCode !== null) asked = { code: 1, output: await printed };
    await demand(`${commandOf(service).slice(-3).join(' ')} is well`, Promise.resolve(asked));
  }
  for (const child of children.splice(0)) {
    child.kill('SIGTERM');
    await demand(
      'it ends when it is told to',
      once(child, 'exit').then(([code]) => ({ code, output: '' })),
    );
  }
}

try {
  await chmod(folder.path, 0o755);
  for (const name of ['package.json', 'package-lock.json', 'packages/gateway/package.json'])
    await cp(join(root, name), join(app, name));
  await demand(install, run(install.split(' '), { cwd: app }));
  await cp(join(root, 'packages/gateway/dist'), join(app, 'packages/gateway/dist'), { recursive: true });

  for (const path of [home, secrets]) await mkdir(path, { mode: 0o700 });
  const operator = await openDatabase({ url: server.url, poolSize: 1 });
  for (const name of ['sandbox', 'production'])
    await operator.rows({ name: `test/${name}`, text: `create database ${name}` });
  await operator.close();
  const password = decodeURIComponent(new URL(network.url).password);
  const files = { kek: randomBytes(32).toString('base64'), 'database-password': password };
  for (const [name, line] of Object.entries(files)) await writeFile(join(secrets, name), `${line}\n`, { mode: 0o600 });
  if (isRoot) {
    for (const path of [home, secrets, ...Object.keys(files).map((name) => join(secrets, name))])
      await chown(path, user, user);
    const probe = run(contained(['sh', '-c', mayWrite], []), { cwd: app, env: environment('api', {}, 'sandbox') });
    await demand('only its home and /tmp can be written to, by root neither', probe);
  } else {
    await demand('nobody may write to it', run(['chmod', '-R', 'a-w,a+rX', app], { cwd: root }));
    say('  – a read-only root and no capabilities: not tried, for only root can make such a view');
  }

  await tryAll('sandbox', {});
  await tryAll('production', { ...productionEnv(), WAFFO_ISO8583_URL: `tcp://127.0.0.1:${host.port}` });
} finally {
  for (const child of children) child.kill('SIGKILL');
  await host.stop();
  await network.stop();
  await server.stop();
  await folder.remove();
}
