/**
 * `npm run prove:node [-- <words of vitest> …]`: the unit tests, the flows and the processes on the Node of the image, which is newer
 * than the oldest that we promise to run on. It is fetched as an npm package of the Dockerfile's version into a folder that is gone
 * afterwards. Fails when a test fails, or when another Node ran it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { throwawayFolder } from '../test/kit/throwaway-folder.ts';

const root = new URL('../', import.meta.url).pathname;
const say = (line: string) => process.stdout.write(`${line}\n`);

const version = /^FROM node:(\d+\.\d+\.\d+)-/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1];
if (version === undefined) throw new Error('the Dockerfile names no whole version of Node');

const folder = await throwawayFolder('waffo-node-');
try {
  const name = `node-${process.platform}-${process.arch}`;
  const asked = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  execFileSync('npm', ['install', '--prefix', folder.path, ...asked, `${name}@${version}`], { stdio: 'inherit' });
  const bin = join(folder.path, 'node_modules', name, 'bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const found = execFileSync('node', ['--version'], { env, encoding: 'utf8' }).trim();
  if (found !== `v${version}`) throw new Error(`${found} would run the tests, and not ${version}`);
  say(`Tests on Node ${found}`);
  const words = process.argv.slice(2);
  const projects = ['unit', 'flows', 'process'].flatMap((project) => ['--project', project]);
  const child = spawn(join(bin, 'node'), ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...words], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  // Whoever ends us ends the tests, too.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await folder.remove();
}
