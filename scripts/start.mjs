/**
 * `npm start`: from a fresh clone to a running gateway and shop. Installs and builds only what is missing or stale.
 * `npm run dev` (`--watch`) builds and starts both again when a source changes.
 */
import './steps/node-version.mjs';
import { setTimeout as pause } from 'node:timers/promises';
import { build, sourceState } from './steps/build.mjs';
import { startChild, stopChild, untilReady } from './steps/children.mjs';
import { install } from './steps/install.mjs';
import { freePort } from './steps/port.mjs';
import { fail } from './steps/progress.mjs';

const watching = process.argv.includes('--watch');
const lookEveryMs = 500;

/** The processes that run, in the order of their start. */
let children = [];
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
if (process.env.npm_lifecycle_event !== undefined) stopWithShell(process.ppid);

try {
  // A port that is taken is told before anything is built, least of all what runs there already.
  await freePorts();
  await install();
  await build();
  const env = await freePorts();
  await start(env);
  if (watching) await watch(env);
} catch (error) {
  if (!stopping) fail(error);
  await stop();
}

async function freePorts() {
  const demoPort = await freePort('WAFFO_DEMO_PORT', process.env.WAFFO_DEMO_PORT?.trim() || '4020');
  const operatorPort = await freePort('WAFFO_OPERATOR_PORT', process.env.WAFFO_OPERATOR_PORT?.trim() || '4030');
  return { WAFFO_DEMO_PORT: String(demoPort), WAFFO_OPERATOR_PORT: String(operatorPort) };
}

async function start(env) {
  await startOne('gateway', ['packages/gateway/dist/main.js', 'serve'], env);
  await startOne('shop', ['apps/demo/dist/main.js'], env);
  if (stopping) return;
  console.log(`  Shop          http://127.0.0.1:${env.WAFFO_DEMO_PORT}   bind a card, pay with it`);
  console.log(`\n  Ctrl-C stops both.${watching ? ' A change of a source starts them again.' : ''}\n`);
}

async function startOne(name, command, env) {
  if (stopping) return;
  const child = startChild(name, command, env);
  children.push(child);
  await untilReady(child);
  child.ended.then(({ how }) => {
    if (stopping || !children.includes(child)) return;
    fail(new Error(`The ${name} ${how}.`));
    stop();
  });
}

/** npm runs us in a shell that passes no signal on; when it is gone, whoever started npm has ended it. */
function stopWithShell(shell) {
  setInterval(() => process.ppid === shell || stop(), lookEveryMs).unref();
}

/** Asks both to stop and leaves with the exit code that is set: 0 unless something failed. */
async function stop() {
  if (stopping) return;
  stopping = true;
  await stopAll();
  process.exit();
}

async function stopAll() {
  const running = children;
  children = [];
  await Promise.all(running.map(stopChild));
}

async function watch(env) {
  let built = await sourceState();
  while (!stopping) {
    await pause(lookEveryMs);
    const state = await sourceState();
    if (stopping || state === built) continue;
    built = state;
    try {
      await build();
    } catch (error) {
      // What ran goes on running until the next change is better.
      fail(error);
      process.exitCode = 0;
      continue;
    }
    await stopAll();
    await start(env);
  }
}
