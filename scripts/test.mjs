/**
 * `npm test`: everything that CI runs, from a fresh clone. Installs and builds what is missing, finds or installs
 * Chromium, PostgreSQL and systemd-analyze, runs the checks and all tests, and then the flows again on a PostgreSQL
 * that is not ours. What cannot run is a failure, never a skip. The last line counts; the exit code
 * is 1 when anything failed.
 */
import './steps/node-version.mjs';
import { readFileSync } from 'node:fs';
import { build } from './steps/build.mjs';
import { runChecks } from './steps/checks.mjs';
import { install } from './steps/install.mjs';
import { fail } from './steps/progress.mjs';
import { findChromium, findDebianPostgres, findSystemdAnalyze } from './steps/tools.mjs';
import { runVitest } from './steps/vitest.mjs';

/** All but those that ask the same of one statement many times, or little of the server at all: it makes no difference to them. */
const oncePerRun = JSON.parse(readFileSync(new URL('once-per-run.json', import.meta.url), 'utf8'));
const flowsAgain = ['--project', 'flows', ...oncePerRun.flatMap(without)];
/**
 * Tests sign a lot. Of a processor that has both, OpenSSL uses ADX for that and not AVX2, and AMD's are slower so
 * (docs/guide/capacity.md). Whoever has chosen keeps his choice; other processors do not look at it.
 */
const signatures = { OPENSSL_ia32cap: process.env.OPENSSL_ia32cap ?? ':~0x80000' };
const since = performance.now();
const total = { passed: 0, failed: 0 };

try {
  await install();
  await build();
  const env = { ...signatures, CHROMIUM_PATH: await findChromium() };
  await findSystemdAnalyze();
  const ownServer = (process.env.TEST_DATABASE_URL ?? '') !== '';
  if (!ownServer) await findDebianPostgres();
  for (const { error } of await runChecks({ architecture: false })) problem(error);
  await test(`Tests on ${ownServer ? 'the server of TEST_DATABASE_URL' : 'the embedded PostgreSQL'}`, [], env);
  if (!ownServer) {
    await test("Flows on Debian's PostgreSQL", flowsAgain, { ...env, TEST_DATABASE_URL: 'debian' });
  }
} catch (error) {
  problem(error);
}

console.log(`\n  Took ${Math.round((performance.now() - since) / 1000)} s.\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

async function test(title, args, env) {
  console.log(`\n  ${title}`);
  const { passed, failed, problems } = await runVitest(args, env);
  total.passed += passed;
  total.failed += failed;
  for (const text of problems) problem(new Error(text));
}

/** Anything that went wrong besides a failed test counts as one. */
function problem(error) {
  total.failed += 1;
  fail(error);
}

/** @param {string} file - of `test/flows` */
function without(file) {
  return ['--exclude', `test/flows/${file}.test.ts`];
}
