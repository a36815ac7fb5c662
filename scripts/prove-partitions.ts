/**
 * `npm run prove:partitions [-- <partitions> [<seed>]]`: four gateways on one PostgreSQL, whose roads to it fall silent 200
 * times, for 0.2 to 30 s, both ways or one, half of them as a commit passes. Prints what came of it and the seed, and fails when
 * anything was lost, done twice, left open or answered late: C0001 after two seconds, anything else after ten.
 */
import { randomInt } from 'node:crypto';
import { startProgress } from '../packages/gateway/src/cli/progress.ts';
import { livePartitions } from '../test/kit/partitions.ts';

const partitions = Number(process.argv[2] ?? 200);
const seed = Number(process.argv[3] ?? randomInt(2 ** 31));
if (!(partitions >= 4)) throw new Error('how many partitions? at least 4');

const say = (line: string) => process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
const progress = startProgress({ noun: 'partitions', total: partitions });
const figures = await livePartitions({ partitions, longestMs: 30_000, gateways: 4, seed, progress: progress.update });
progress.end();
const { codes, unsigned, slowestRecoveryMs, ledgerFaults, unknown, unresolved, lost, duplicates, untold } = figures;
const silentSeconds = Math.round(figures.silentMs / 1_000);
say(`${figures.partitions} partitions, ${silentSeconds} s of silence, ${figures.orders} orders`);
for (const [code, { count, slowestMs }] of Object.entries(codes)) {
  say(`${count} answers ${code}, the slowest after ${Math.round(slowestMs)} ms`);
}
say(`the slowest recovery took ${Math.round(slowestRecoveryMs)} ms`);
say(`${lost} lost, ${duplicates} charged twice, ${untold} without a notification, ${unsigned} answers unsigned`);
say(`${unknown} outcomes were unknown, ${unresolved} still are`);
for (const fault of ledgerFaults) say(`  ${fault}`);
const wrong = lost + duplicates + untold + unsigned + unresolved + ledgerFaults.length;
const slowestMs = Math.max(...Object.values(codes).map((answers) => answers.slowestMs));
const isLate = slowestMs > 10_000 || (codes.C0001?.slowestMs ?? 0) > 2_000 || slowestRecoveryMs > 5_000;
if (wrong > 0 || isLate) process.exitCode = 1;
