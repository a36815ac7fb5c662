/**
 * `npm run soak [-- <minutes>]`: a gateway binds, charges, pays back and removes without a pause. Fails when its memory grows by more
 * than 1 MB an hour and by more than it swings, when it holds more descriptors at the end, or when anything was refused, lost or
 * done twice. Ten minutes find a leak of some MB an hour; eight hours one of 1 MB; it prints which it would have found.
 */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { startProgress } from '../packages/gateway/src/cli/progress.ts';
import { soak } from '../test/kit/soak.ts';

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes >= 10)) throw new Error('how many minutes? at least 10: until then a gateway grows into its caches');

const megabyte = 1_048_576;
/** Connections to receivers and to the database come and go. */
const descriptorsThatCome = 8;
const mb = (bytes: number): string => `${(bytes / megabyte).toFixed(1)} MB`;
const say = (line: string) => process.stdout.write(`${line}\n`);

const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
say(`commit ${commit}, Node.js ${process.version} on ${machine}`);

const progress = startProgress({ noun: 'seconds', total: minutes * 60 });
const { growth, largest, orders, repeated, wrong } = await soak({ minutes, update: progress.update });
progress.end();
const { bytesPerHour, grown, swing, smallestPerHour, descriptors } = growth;
say(`${minutes} minutes, ${orders} orders; resident memory at most ${mb(largest)}`);
say(`after the first third it grew by ${mb(grown)}, ${mb(bytesPerHour)} an hour; by itself it swings by ${mb(swing)}`);
say(`descriptors: ${descriptors.first}, at the end ${descriptors.last}`);
say(`${repeated} calls were repeated; ${wrong.length} refused, lost, done twice or not told`);
for (const line of wrong.slice(0, 20)) say(`  ${line}`);
const leaks = bytesPerHour > megabyte && grown > swing;
const smallest = mb(Math.max(smallestPerHour, megabyte));
say(leaks ? 'it leaks' : `it does not leak as far as this run can see: that is ${smallest} an hour or more`);
const holds = descriptors.last > descriptors.first + descriptorsThatCome;
if (leaks || holds || repeated + wrong.length > 0 || orders === 0) process.exitCode = 1;
