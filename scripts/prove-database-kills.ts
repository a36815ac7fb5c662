/**
 * `npm run prove:database-kills [-- --rounds <n> --seed <n> --forgetful]`: two `api` and a `worker` on one PostgreSQL, which dies 200
 * times under load: killed with all its processes, stopped at once, restarted. Prints what came of it and the seed, and fails when
 * anything that was acknowledged is lost, anything was done twice or answered otherwise than C0001 or E0001, a notification did
 * not arrive, or a gateway took longer than five seconds to work again. With `--forgetful` the server confirms commits before it
 * writes them down: then the proof must fail.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { killDatabases } from '../test/kit/database-kills.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, seed: { type: 'string' }, forgetful: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds ?? 200);
const seed = Number(values.seed ?? randomInt(2 ** 31));
if (!(rounds >= 1 && Number.isInteger(seed))) throw new Error('how many rounds? at least 1; and a seed, or none');
const { forgetful } = values;

const say = (line: string) => process.stdout.write(`${line}\n`);
const sayAll = (lines: readonly string[]) => {
  for (const line of lines.slice(0, 10)) say(`  ${line}`);
  if (lines.length > 10) say(`  … and ${lines.length - 10} more`);
};

say(`${rounds} rounds, seed ${seed}${forgetful ? ', a server that forgets' : ''}`);
const figures = await killDatabases({ rounds, seed, forgetful, say });
const { effects, notifications, codes, unanswered, slowestRecoveryMs, lost, wrong, refused } = figures;
for (const [code, { count, slowestMs }] of Object.entries(codes)) {
  say(`${count} answers ${code}, the slowest after ${Math.round(slowestMs)} ms`);
}
say(`${figures.repeated} calls were repeated, ${unanswered} were not answered; ${notifications} notifications arrived`);
say(`the slowest gateway worked again ${Math.round(slowestRecoveryMs)} ms after the server accepted connections`);
say(`${lost.length} of ${effects} acknowledged effects lost`);
sayAll(lost);
say(`${wrong.length} duplicates, missing notifications and other faults`);
sayAll(wrong);
say(`${refused.length} answers that are neither success, C0001 nor E0001, or not signed`);
sayAll(refused);
const failures = lost.length + wrong.length + refused.length + unanswered;
const isLate = slowestRecoveryMs > 5_000 || (codes.C0001?.slowestMs ?? 0) > 2_000;
if (failures > 0 || isLate || effects === 0) process.exitCode = 1;
