/**
 * `npm run prove:failover [-- <rounds> [seed] [--asynchronous]]`: kills a primary PostgreSQL with all its processes under load and
 * promotes its synchronous standby, round after round, beside gateways that are never restarted. Prints what came of it, and
 * fails when anything that was acknowledged is lost, anything was done twice, or a notification did not arrive. With
 * `--asynchronous` commits do not wait for the standby: then the proof must fail.
 */
import { randomInt } from 'node:crypto';
import { rehearseFailover } from '../test/kit/failover.ts';

const [rounds = 6, seed = randomInt(1_000_000)] = process.argv
  .slice(2)
  .filter((word) => !word.startsWith('--'))
  .map(Number);
if (!(rounds >= 2 && Number.isInteger(seed))) throw new Error('how many rounds? at least 2; and a seed, or none');
const synchronous = !process.argv.includes('--asynchronous');

/** The same moments for the same seed (a linear congruential generator: nothing here is secret). */
let state = seed;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const sayAll = (lines: readonly string[]) => {
  for (const line of lines.slice(0, 10)) say(`  ${line}`);
  if (lines.length > 10) say(`  … and ${lines.length - 10} more`);
};

try {
  say(`${rounds} rounds, seed ${seed}, standby ${synchronous ? 'synchronous' : 'asynchronous'}`);
  const figures = await rehearseFailover({ rounds, random, synchronous, say });
  const {
    version,
    tokens,
    removed,
    orders,
    refunds,
    repeated,
    notifications,
    slowestMs,
    hostMoved,
    hostReversed,
    lost,
    wrong,
  } = figures;
  const all = tokens + removed + orders + refunds;
  say(
    `PostgreSQL ${version}; ${tokens} tokens, ${removed} of them removed, ${orders} orders and ${refunds} refunds were acknowledged`,
  );
  say(`${repeated} calls were repeated until they were answered; ${notifications} notifications arrived`);
  say(`an acquirer outside the database was sent ${hostMoved} charges and refunds, and ${hostReversed} reversals`);
  say(`every gateway worked again at most ${Math.round(slowestMs)} ms after the address led to the new primary`);
  say(`${lost.length} of ${all} acknowledged effects lost`);
  sayAll(lost);
  say(`${wrong.length} duplicates, missing notifications and other faults`);
  sayAll(wrong);
  if (lost.length + wrong.length > 0 || all === 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
