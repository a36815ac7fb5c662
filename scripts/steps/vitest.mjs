/** Runs Vitest and counts what it reports, so that neither a skipped test nor a crashed run looks like a good one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, run } from './run.mjs';

/** Everything together is meant to take a fraction of this; a run that takes longer hangs. */
const timeoutMs = 25 * 60_000;

/**
 * @param {readonly string[]} args - for `vitest run`, e.g. `['--project', 'flows']`
 * @param {Record<string, string>} env - settings besides those of this process
 * @returns {Promise<{ passed: number, failed: number, problems: string[] }>} `problems` names what else is wrong: tests
 *   that did not run, files that could not be loaded, a run that ended badly
 */
export async function runVitest(args, env) {
  const folder = await mkdtemp(join(tmpdir(), 'waffo-vitest-'));
  const file = join(folder, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
  try {
    const command = bin('vitest/vitest.mjs', 'run', ...args, ...reporters);
    const ended = await run(command, { env: { ...plain, ...env }, show: true, timeoutMs }).then(
      () => undefined,
      (error) => error.message,
    );
    const results = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
    return results === undefined
      ? { passed: 0, failed: 0, problems: [ended ?? 'Vitest left no results'] }
      : count(results, ended);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function count(results, ended) {
  const notRun = results.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName, status }) => `${status}: ${fullName} (${name})`),
  );
  const notLoaded = results.testResults
    .filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    )
    .map(({ name }) => `failed outside its tests: ${name}`);
  const [passed, failed] = [results.numPassedTests, results.numFailedTests];
  const problems = [...notRun, ...notLoaded];
  if (passed + failed === 0) problems.push('no test ran');
  if (ended !== undefined && failed + problems.length === 0) problems.push(ended);
  return { passed, failed, problems };
}
