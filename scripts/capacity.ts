/**
 * `npm run capacity -- <orders> [<bindings> [<inquiries>]]`, each a second at the busiest: what they take of a machine like the
 * one that docs/performance.json was measured on.
 */
import { readFileSync } from 'node:fs';
import { type Performance, planFor } from '../bench/capacity.ts';

const [orders = Number.NaN, bindings = 0, inquiries = 0] = process.argv.slice(2).map(Number);
if (![orders, bindings, inquiries].every((rate) => rate >= 0)) {
  process.stderr.write('how many a second? npm run capacity -- <orders> [<bindings> [<inquiries>]]\n');
  process.exit(1);
}
const performance = JSON.parse(
  readFileSync(new URL('../docs/performance.json', import.meta.url), 'utf8'),
) as Performance;
const plan = planFor(performance, { orders, bindings, inquiries });
const cores = (value: number) => `${value.toFixed(1)} cores`;
process.stdout.write(
  [
    `${orders} orders, ${bindings} bindings and ${inquiries} inquiries a second,`,
    `as measured at ${performance.commit} on ${performance.machine}, and kept ${Math.round(plan.busy * 100)} % busy:`,
    `  gateway     ${cores(plan.gatewayCores)} in ${plan.apiProcesses} processes of --role api`,
    `  PostgreSQL  ${cores(plan.databaseCores)}`,
    `  workers     ${plan.workers} of --role worker, for ${plan.notifications} notifications a second`,
    `  memory      ${plan.memoryMb} MB for the gateway's processes`,
    '',
  ].join('\n'),
);
