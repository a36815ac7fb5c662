/**
 * What runs the gateway elsewhere, held to the gateway: no image is built and no unit started here, so every path, command
 * and setting that these files name must be one that exists.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { program } from '../packages/gateway/src/cli/program.ts';
import { type Config, configFrom } from '../packages/gateway/src/config.ts';
import { type SettingName, settings } from '../packages/gateway/src/settings.ts';
import { environmentOf, productionEnv, readComposition } from './kit/composition.ts';

const root = new URL('../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const unit = 'deploy/waffo@.service';
const systemd = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find(existsSync);

/** A gateway that takes live money by these settings. */
const isProduction = (config: Config): boolean =>
  config.environment === 'production' && config.iso8583?.merchants === '*' && config.trustedProxies.length > 0;

const compose = readComposition();
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

/** The words after `waffo`, understood as the program would. */
function isCommand([name, ...words]: readonly string[]): boolean {
  const command = program().commands.find((one) => one.name() === name);
  if (command === undefined) return false;
  const { operands, unknown } = command.parseOptions([...words]);
  return operands.length === 0 && unknown.length === 0;
}

test('a command that is none is noticed', () => {
  expect(isCommand(['serve', '--role', 'api'])).toBe(true);
  expect(isCommand(['server'])).toBe(false);
  expect(isCommand(['serve', '--rolle', 'api'])).toBe(false);
});

test.each(['Dockerfile', 'compose.yaml', unit, 'deploy/waffo.env', 'deploy/worker.env'])(
  '%s sets nothing that is no setting',
  (path) => {
    const known: readonly string[] = settings.map(({ name }) => name);
    const named = [...read(path).matchAll(/\bWAFFO_[A-Z0-9_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  },
);

describe('the image', () => {
  const lines = read('Dockerfile').replaceAll('\\\n', '').split('\n');
  const all = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const built = ['packages/gateway/dist'];

  test('is built on one whole version of Node that we run on, as is its database: no two builds differ by themselves', () => {
    const versions = new Set(all('FROM').map((from) => /^node:(\d+\.\d+\.\d+)-bookworm-slim\b/.exec(from)?.[1]));
    const oldest = /\d+/.exec(JSON.parse(read('package.json')).engines.node)?.[0];
    expect([...versions]).toEqual([expect.stringMatching(/^\d/)]);
    expect(Number.parseInt(String([...versions][0]), 10)).toBeGreaterThanOrEqual(Number(oldest));
    const images = services.flatMap(([, { build, image = '' }]) => (build === undefined ? [image] : []));
    expect(images).toEqual([expect.stringMatching(/^postgres:\d+\.\d+$/)]);
  });

  test('copies what is there, or what the build makes', () => {
    const sources = all('COPY').flatMap((line) => {
      const words = line.split(' ').filter((word) => !word.startsWith('--'));
      return words.slice(0, -1).map((path) => path.replace(/^\/app\/?/, './'));
    });
    expect(sources.length).toBeGreaterThan(4);
    expect(sources.filter((path) => !built.includes(path.slice(2)) && !existsSync(join(root, path)))).toEqual([]);
  });

  test('starts the gateway, and as an ordinary user', () => {
    const [entry, main] = JSON.parse(all('ENTRYPOINT').join()) as [string, string];
    expect([entry, existsSync(join(root, main.replace('dist', 'src').replace(/\.js$/, '.ts')))]).toEqual([
      'node',
      true,
    ]);
    expect(isCommand(JSON.parse(all('CMD').join()))).toBe(true);
    expect(all('USER')).toEqual(['node']);
    expect(lines.findIndex((line) => line.startsWith('USER '))).toBeGreaterThan(
      lines.findLastIndex((line) => line.startsWith('FROM ')),
    );
  });

  test('asks itself how it is', () => {
    expect(lines.join('\n')).toMatch(/HEALTHCHECK[\s\S]*:4010\/health\/ready/);
    expect(settings.find(({ name }) => name === 'WAFFO_PORT')?.fallback).toBe('4010');
  });

  test('is built without keys, and without what this machine has built or installed', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.waffo', 'deploy/secrets', '**/node_modules', '**/dist', '.git']));
  });
});

describe('the composition', () => {
  test('runs commands of the gateway', () => {
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'api', 'worker']);
    expect(ours.filter(([, { command = [] }]) => !isCommand(command))).toEqual([]);
  });

  /** What the composition knows better than `.env`, or what is no matter of one. */
  const decided: readonly SettingName[] = [
    'WAFFO_HOST',
    'WAFFO_PORT',
    'WAFFO_HOME',
    'WAFFO_ROLE',
    'WAFFO_DEMO_PORT',
    'WAFFO_DATABASE_URL',
    'WAFFO_DATABASE_PASSWORD_FILE',
    'WAFFO_KEK_FILE',
    'WAFFO_KEK_FILE_2',
    'WAFFO_KEK',
  ];

  test.each(ours)('passes every setting of .env on to %s, and decides the others', (_, service) => {
    const names = settings.map(({ name }) => name).filter((name) => !decided.includes(name));
    const env = Object.fromEntries(names.map((name) => [name, `given as ${name}`]));
    const passedOn = Object.entries(environmentOf(service, env)).filter(([name, value]) => value === env[name]);
    expect(passedOn.map(([name]) => name).sort()).toEqual([...names].sort());
  });

  test.each(ours)('starts %s as a sandbox without .env, and for production with the one of the guide', (_, service) => {
    expect(configFrom(environmentOf(service, {})).environment).toBe('sandbox');
    const config = configFrom(environmentOf(service, productionEnv()));
    expect([isProduction(config), config.hasMetrics]).toEqual([true, true]);
  });

  test.each(ours)('gives %s no right that it does not need', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      secrets: ['kek', 'database-password'],
    });
    expect(service).not.toHaveProperty('user');
    expect(service).not.toHaveProperty('privileged');
  });

  test('keeps secrets in files, and names only those that it declares', () => {
    const inVariables = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(
        ([name, value]) => /:[^/@]*@/.test(value) || (/PASSWORD|KEK/.test(name) && !value.startsWith('/run/secrets/')),
      ),
    );
    expect(inVariables).toEqual([]);
    const secrets = services.flatMap(([, service]) => service.secrets ?? []);
    expect([...new Set(secrets)].sort()).toEqual(Object.keys(compose.secrets).sort());
    const paths = services.flatMap(([, { environment = {} }]) =>
      Object.values(environment).filter((value) => value.startsWith('/run/secrets/')),
    );
    expect(paths.filter((path) => compose.secrets[path.slice('/run/secrets/'.length)] === undefined)).toEqual([]);
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/deploy\/secrets\//);
    expect(read('.gitignore').split('\n')).toContain('deploy/secrets/');
  });

  test('mounts volumes that it declares and files that are there', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const missing = sources.filter((path) =>
      path.startsWith('./') ? !existsSync(join(root, path)) : !(path in compose.volumes),
    );
    expect(missing).toEqual([]);
  });

  test('migrates before it serves, and waits for a database that is well', () => {
    expect(compose.services.postgres?.healthcheck).toBeDefined();
    expect(compose.services.migrate?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const name of ['api', 'worker']) {
      expect(compose.services[name]?.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    }
  });
});

describe('the systemd unit', () => {
  test('starts a command of the gateway in either role', () => {
    const [, main = '', words = ''] = /^ExecStart=\/usr\/bin\/node \/opt\/waffo\/(\S+) (.*)$/m.exec(read(unit)) ?? [];
    expect(existsSync(join(root, main.replace('dist', 'src').replace(/\.js$/, '.ts')))).toBe(true);
    for (const role of ['api', 'worker']) expect(isCommand(words.replace('%i', role).split(' '))).toBe(true);
  });

  test('does not give up while its database is away: each start that fails is followed by another', () => {
    const [head = '', service = ''] = read(unit).split('[Service]');
    expect(head).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(service).toMatch(/^Restart=on-failure\nRestartSec=[1-9]$/m);
  });

  test('is given settings with which a production gateway starts, and a worker a port of its own', () => {
    const [both, worker] = [parseEnv(read('deploy/waffo.env')), parseEnv(read('deploy/worker.env'))];
    expect(isProduction(configFrom(both))).toBe(true);
    expect(configFrom({ ...both, ...worker }).port).not.toBe(configFrom(both).port);
    // Both are given what an operator adds to the common file, and only one of them can have its port.
    expect(configFrom({ ...both, WAFFO_OPERATOR_PORT: '4030', ...worker }).operatorPort).toBeUndefined();
  });

  // Without it this fails, for a skip is not read by anybody; `npm test` installs it where it can.
  test('is understood by systemd, and exposes little', () => {
    if (systemd === undefined) throw new Error('there is no systemd-analyze: apt-get install systemd');
    const folder = mkdtempSync(join(tmpdir(), 'waffo-unit-'));
    try {
      const path = join(folder, 'waffo@api.service');
      writeFileSync(path, read(unit).replace('/usr/bin/node', process.execPath));
      const run = (...words: string[]) => execFileSync(systemd, [...words, path], { encoding: 'utf8', stdio: 'pipe' });
      expect(run('verify', '--man=no')).toBe('');
      expect(run('security', '--offline=true', '--threshold=20', '--no-pager')).toMatch(/exposure level .* OK/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
